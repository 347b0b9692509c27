/**
 * The shell scripts between launcher and worker. They outlive the service, and write marks that the next service reads:
 *
 * - `started` is made first. Without the attempt's folder this fails: the attempt was given up.
 * - `pid` holds the worker's line of /proc/PID/stat, or on other systems its id and start time from `ps`. No other process
 *   then the worker cannot be replaced by another process with its id, because this shell has not waited for it. A worker
 *   that cannot be noted, such as on a full disk, is killed: nobody could find it again.
 * - `exit` holds the exit code, 128 + N for signal N.
 *
 * A note counts when its line is whole. Everything but the worker is done by the shell itself: each further process costs
 * about a millisecond, and 200 workers may start at one instant.
 *
 * They work in the folder of the attempt, whatever its name is later: the folder of a worker that waits for a job moves
 * to that job. The worker itself works in the folder above.
 *
 * Arguments: the folder of the attempt, then the worker's command.
 */
const NOTES = `
pid=$!
exec 3>&- 4<&-
trap '' TERM INT HUP
if [ -r "/proc/$pid/stat" ]; then read -r line <"/proc/$pid/stat"; else line="$pid $(ps -o lstart= -p "$pid")"; fi
printf '%s\\n' "$line" >pid || kill -9 "$pid"
wait "$pid"
printf '%s\\n' "$?" >exit
`;

export const WRAPPER = `
cd "$1" || exit 1
set -C
true 2>/dev/null >started || exit 1
set +C
shift
(cd .. && exec "$@") &
${NOTES}`;

/**
 * For a worker without a job: it makes `started` itself when it accepts one. Standard input ends with the service. The
 * worker says through file descriptor 3 that it has loaded everything.
 */
export const WAITING_WRAPPER = `
cd "$1" || exit 1
shift
exec 4<&0 </dev/null
(cd .. && exec "$@" <&4 4<&-) &
${NOTES}`;
