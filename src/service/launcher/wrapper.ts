/**
 * The shell script between launcher and worker. It outlives the service, so that what it notes is there when
 * the next service looks:
 *
 * - `started/` is made first. If the folder of the attempt is gone, this attempt was given up, and no worker starts.
 * - `pid` holds the worker's line of /proc/PID/stat, or the id and what `ps` says of its start on other systems. Until
 *   then the worker cannot be replaced by another process with its id, because this shell has not waited for it.
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
