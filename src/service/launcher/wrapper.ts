/**
 * The shell script between launcher and worker. It outlives the service, and writes marks that the next service reads:
 *
 * - `started/` is made first. Without the attempt's folder this fails: the attempt was given up.
 * - `pid` holds the worker's line of /proc/PID/stat, or on other systems its id and start time from `ps`. No other process
 *   can get the id meanwhile, because this shell has not waited for the worker yet.
 * - `exit` holds the exit code, 128 + N for signal N.
 *
 * Arguments: the folder of the attempt, then the worker's command.
 */
export const WRAPPER = `
marks=$1
shift
mkdir "$marks/started" 2>/dev/null || exit 1
"$@" &
pid=$!
trap '' TERM INT HUP
if [ -r "/proc/$pid/stat" ]; then read -r line <"/proc/$pid/stat"; else line="$pid $(ps -o lstart= -p "$pid")"; fi
printf '%s\\n' "$line" >"$marks/pid.part" && mv "$marks/pid.part" "$marks/pid"
wait "$pid"
printf '%s\\n' "$?" >"$marks/exit.part" && mv "$marks/exit.part" "$marks/exit"
`;
