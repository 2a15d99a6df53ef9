/** Sigma rules over OCSF Authentication (3002) of the gateway and of behavioural authentication. */
export const AUTHENTICATION_RULES = `
title: Failed authentication
id: 6a1c7f7e-5a0c-4a3b-9a55-0d7b7f1f0a01
name: failed_authentication
taxonomy: ecs
status: stable
description: A logon that did not succeed.
author: Machine Native Ops
date: 2026-11-23
logsource: {product: ocsf, category: authentication}
detection:
    logon:
        activity_id: 1
        status_id: 2
    condition: logon
level: informational
tags: [attack.credential-access, attack.t1110]
---
title: Successful authentication
id: 6a1c7f7e-5a0c-4a3b-9a55-0d7b7f1f0a02
name: successful_authentication
taxonomy: ecs
logsource: {product: ocsf, category: authentication}
detection:
    logon:
        activity_id: 1
        status_id: 1
    condition: logon
level: informational
---
title: Password guessing against one user
id: 6a1c7f7e-5a0c-4a3b-9a55-0d7b7f1f0a03
name: password_guessing
description: Many failed logons of one user in a few minutes, wherever they come from.
tags: [attack.credential-access, attack.t1110.001]
correlation:
    type: event_count
    rules: [failed_authentication]
    group-by: [user.id]
    timespan: 5m
    condition: {gte: 12}
level: medium
---
title: Credential stuffing
id: 6a1c7f7e-5a0c-4a3b-9a55-0d7b7f1f0a04
name: credential_stuffing
description: One address fails with many users' names in a few minutes; a household or an office does not.
tags: [attack.credential-access, attack.t1110.004]
correlation:
    type: value_count
    rules: [failed_authentication]
    group-by: [source.ip]
    timespan: 5m
    condition: {field: user.id, gte: 10}
level: high
---
title: Password spraying
id: 6a1c7f7e-5a0c-4a3b-9a55-0d7b7f1f0a05
name: password_spraying
description: One address fails with many users' names over an hour, slowly enough for no user to be locked out.
tags: [attack.credential-access, attack.t1110.003]
correlation:
    type: value_count
    rules: [failed_authentication]
    group-by: [source.ip]
    timespan: 1h
    condition: {field: user.id, gte: 15}
level: high
---
title: Guessed password used
id: 6a1c7f7e-5a0c-4a3b-9a55-0d7b7f1f0a06
description: After failing with many users' names an address succeeded with one.
tags: [attack.initial-access, attack.t1078]
correlation:
    type: temporal_ordered
    rules: [credential_stuffing, successful_authentication]
    group-by: [source.ip]
    timespan: 30m
    generate: true
level: critical
---
title: Authentication at high risk
id: 6a1c7f7e-5a0c-4a3b-9a55-0d7b7f1f0a07
description: Behavioural authentication found somebody to be most likely not whom they claim to be.
taxonomy: ecs
logsource: {product: ocsf, category: authentication}
detection:
    risk:
        risk_level_id|gte: 3
    condition: risk
level: medium
tags: [attack.initial-access, attack.t1078]
`;
