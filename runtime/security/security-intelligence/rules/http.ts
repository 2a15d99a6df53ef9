/** Sigma rules over OCSF HTTP Activity (4002): the gateway's decisions and the mesh's access logs. */
export const HTTP_RULES = `
title: Request refused
id: 7b2d8a8f-6b1d-4b4c-8b66-1e8c8a2a1b01
name: request_refused
taxonomy: ecs
logsource: {product: ocsf, category: http_activity}
detection:
    denied:
        action_id: 2
    status:
        http.response.status_code: [401, 403]
    condition: denied or status
level: informational
---
title: Request of somebody refused
id: 7b2d8a8f-6b1d-4b4c-8b66-1e8c8a2a1b11
name: user_refused
taxonomy: ecs
logsource: {product: ocsf, category: http_activity}
detection:
    denied:
        action_id: 2
    status:
        http.response.status_code: [401, 403]
    nobody:
        unmapped.principal_type: Anonymous
    condition: (denied or status) and not nobody
level: informational
---
title: Request answered
id: 7b2d8a8f-6b1d-4b4c-8b66-1e8c8a2a1b02
name: request_answered
taxonomy: ecs
logsource: {product: ocsf, category: http_activity}
detection:
    denied:
        action_id: 2
    failed:
        http.response.status_code|gte: 400
    nobody:
        unmapped.principal_type: Anonymous
    condition: not denied and not failed and not nobody
level: informational
---
title: Request of a session
id: 7b2d8a8f-6b1d-4b4c-8b66-1e8c8a2a1b03
name: session_request
taxonomy: ecs
logsource: {product: ocsf, category: http_activity}
detection:
    session:
        session.id|exists: true
        user_agent.original|exists: true
    condition: session
level: informational
---
title: Request of a workload refused
id: 7b2d8a8f-6b1d-4b4c-8b66-1e8c8a2a1b04
name: workload_refused
taxonomy: ecs
logsource: {product: ocsf, category: http_activity}
detection:
    workload:
        user.id|startswith: 'spiffe://'
    denied:
        action_id: 2
    status:
        http.response.status_code: [401, 403]
    condition: workload and (denied or status)
level: informational
---
title: Burst of refused requests
id: 7b2d8a8f-6b1d-4b4c-8b66-1e8c8a2a1b05
description: One address is refused many times a minute.
tags: [attack.discovery, attack.t1595]
correlation:
    type: event_count
    rules: [request_refused]
    group-by: [source.ip]
    timespan: 1m
    condition: {gte: 60}
level: medium
---
title: Probing for what may be reached
id: 7b2d8a8f-6b1d-4b4c-8b66-1e8c8a2a1b06
description: One user is refused at many different paths.
tags: [attack.discovery, attack.t1083]
correlation:
    type: value_count
    rules: [user_refused]
    group-by: [user.id]
    timespan: 5m
    condition: {field: url.path, gte: 25}
level: medium
---
title: Session used by two programs
id: 7b2d8a8f-6b1d-4b4c-8b66-1e8c8a2a1b07
name: session_theft
description: A session's requests come from different user agents; browsers do not change while they run, thieves have their own.
tags: [attack.credential-access, attack.t1539, attack.lateral-movement, attack.t1550.004]
correlation:
    type: value_count
    rules: [session_request]
    group-by: [session.id]
    timespan: 30m
    condition: {field: user_agent.original, gte: 2}
level: high
---
title: Workload tries services it has no business with
id: 7b2d8a8f-6b1d-4b4c-8b66-1e8c8a2a1b08
name: lateral_movement
description: A workload's identity is refused by several services in a few minutes.
tags: [attack.lateral-movement, attack.t1210, attack.discovery, attack.t1046]
correlation:
    type: value_count
    rules: [workload_refused]
    group-by: [user.id]
    timespan: 10m
    condition: {field: service.name, gte: 4}
level: high
---
title: Exfiltration over HTTP
id: 7b2d8a8f-6b1d-4b4c-8b66-1e8c8a2a1b09
name: exfiltration
description: One user took more than 500 MB in an hour.
tags: [attack.exfiltration, attack.t1567]
correlation:
    type: value_sum
    rules: [request_answered]
    group-by: [user.id]
    timespan: 1h
    condition: {field: http.response.bytes, gt: 500000000}
level: high
---
title: Bulk access by one user
id: 7b2d8a8f-6b1d-4b4c-8b66-1e8c8a2a1b10
name: bulk_access
description: One user read several hundred different objects in ten minutes; people do not read that fast.
tags: [attack.collection, attack.t1213]
correlation:
    type: value_count
    rules: [request_answered]
    group-by: [user.id]
    timespan: 10m
    condition: {field: url.path, gte: 300}
level: high
`;
