import { monitorConfig, PRIMARY_NAME, type CacheLayout } from "./config";

/**
 * Seconds that a server which the sentinels still call the primary waits for them to promote a replica before it takes the
 * role back: a restarted primary may know less than its replicas, and without persistence it knows nothing.
 */
export const TAKE_BACK_AFTER_SECONDS = 30;
/** Seconds that a primary which is told to stop waits for another to take over. */
export const HANDOVER_SECONDS = 10;

/**
 * The start-up script of servers and sentinels (`sh start.sh server`, `sh start.sh sentinel`), for any POSIX shell. It needs
 * `POD_NAME`; `hosts` are the pods' host names, the first of them the primary of the very first start. A server never
 * decides its role by itself:
 *  1. a sentinel of another pod names another host: follow it;
 *  2. all who answer name this host, which is only just starting: wait for them to promote another, then take it back;
 *  3. nobody answers: what this pod's sentinel wrote down last, else the first host. Were this a partition, writes would
 *     still be refused for want of a replica (min-replicas-to-write).
 */
export function startScript(hosts: readonly string[], layout: CacheLayout): string {
  const { secrets, data, tls, serverPort, sentinelPort } = layout;
  const tlsFlags = tls === undefined ? "" : ` --tls --cacert ${tls}/ca.crt`;
  return `set -eu
hosts="${hosts.join(" ")}"
self=
for host in $hosts; do case "$host" in "$POD_NAME" | "$POD_NAME".*) self=$host ;; esac; done
[ -n "$self" ] || { echo "$POD_NAME is none of: $hosts" >&2; exit 1; }
program() { command -v "valkey-$1" || command -v "redis-$1"; }
cli=$(program cli)
password=$(cat ${secrets}/sentinel-password)
export REDISCLI_AUTH="$password"
# Copies are ours to write, whatever the mode of the files that they are made from.
umask 077
mkdir -p ${data}/server ${data}/sentinel

# call <host> <port> <command...>
call() {
  at=$1 port=$2
  shift 2
  timeout 2 "$cli"${tlsFlags} -h "$at" -p "$port" --user sentinel --no-auth-warning "$@" 2>/dev/null
}
# The hosts that sentinels of other pods call the primary; only known hosts count as an answer.
named() {
  for peer in $hosts; do
    [ "$peer" = "$self" ] && continue
    answer=$(call "$peer" ${sentinelPort} sentinel get-master-addr-by-name ${PRIMARY_NAME} | head -n 1) || continue
    case " $hosts " in *" $answer "*) echo "$answer" ;; esac
  done
}
# What this pod's sentinel wrote down last, else the first host.
remembered() {
  last=$(sed -n 's/^sentinel monitor ${PRIMARY_NAME} \\([^ ]*\\) .*/\\1/p' ${data}/sentinel/sentinel.conf 2>/dev/null) || last=
  case " $hosts " in *" \${last:-none} "*) echo "$last" ;; *) echo "\${hosts%% *}" ;; esac
}
other() { for host in "$@"; do [ "$host" = "$self" ] || { echo "$host"; return; }; done; }

find_primary() {
  # By the clock: on a busy machine a round of questions takes far more than a second.
  since=$(date +%s)
  while :; do
    answers=$(named)
    primary=$(other $answers)
    [ -n "$primary" ] && return
    [ -n "$answers" ] || { primary=$(remembered); return; }
    [ "$1" = wait ] && [ $(($(date +%s) - since)) -lt ${TAKE_BACK_AFTER_SECONDS} ] || { primary=$self; return; }
    sleep 1
  done
}

# A primary that is told to stop hands over first. Writes wait meanwhile, so that its replica has them all.
hand_over() {
  call "$self" ${serverPort} role | head -n 1 | grep -q master || return 0
  call "$self" ${serverPort} client pause ${HANDOVER_SECONDS * 1000} write >/dev/null || return 0
  call "$self" ${sentinelPort} sentinel failover ${PRIMARY_NAME} >/dev/null || return 0
  for _ in $(seq ${HANDOVER_SECONDS}); do
    sleep 1
    [ "$(call "$self" ${sentinelPort} sentinel get-master-addr-by-name ${PRIMARY_NAME} | head -n 1)" = "$self" ] || return 0
  done
}

case "$1" in
  server)
    find_primary wait
    cat ${secrets}/server.conf >${data}/server/server.conf
    {
      echo "replica-announce-ip $self"
      echo "replica-announce-port ${serverPort}"
      [ "$primary" = "$self" ] || echo "replicaof $primary ${serverPort}"
    } >>${data}/server/server.conf
    echo "$self starts; the primary is $primary"
    "$(program server)" ${data}/server/server.conf &
    child=$!
    trap 'hand_over; kill -TERM "$child"' TERM INT
    # wait also returns when a signal came.
    while kill -0 "$child" 2>/dev/null; do wait "$child" && code=0 || code=$?; done
    exit "$code"
    ;;
  sentinel)
    find_primary now
    # A sentinel whose primary has no address does not start.
    until getent ahosts "$primary" >/dev/null; do sleep 1; find_primary now; done
    # Epochs outlive a restart: who has seen a failover is not told of an older one.
    epochs=$(grep -E '^sentinel (current-epoch|config-epoch|leader-epoch) ' ${data}/sentinel/sentinel.conf 2>/dev/null) || epochs=
    {
      cat ${secrets}/sentinel.conf
      cat <<END
sentinel announce-ip $self
sentinel myid $(printf %s "$self" | sha1sum | cut -c 1-40)
${monitorConfig(layout).join("\n")}
$epochs
END
      # Who is known can be promoted, even where the primary has not answered since this start.
      for host in $hosts; do
        [ "$host" = "$primary" ] || echo "sentinel known-replica ${PRIMARY_NAME} $host ${serverPort}"
      done
    } >${data}/sentinel/starting.conf
    # In one step: this pod's server, which starts beside it, reads what was written down last.
    mv ${data}/sentinel/starting.conf ${data}/sentinel/sentinel.conf
    exec "$(program server)" ${data}/sentinel/sentinel.conf --sentinel
    ;;
  # Probes. A replica is ready when it follows its primary, so that a rollout waits for it.
  ready)
    call "$self" ${serverPort} role | { read -r role && { [ "$role" = master ] || grep -qx connected; }; }
    ;;
  alive) [ -n "$(call "$self" ${serverPort} ping)" ] ;;
  sentinel-alive) [ -n "$(call "$self" ${sentinelPort} ping)" ] ;;
esac
`;
}
