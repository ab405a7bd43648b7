# usage: machine.sh INIT FOLDER NAME ADDRESS
#
# Runs the program INIT as the first process of a PID and mount namespace, until standard input, a pipe, is closed.
# The kernel then ends whatever was started in there, and drops every mount that was made in there. The cgroups are
# left, which bear NAME, and are removed here.

# Only the pipe's end ends it, as what follows has to be done. (A signal that is ignored would be so in pods, too.)
trap : INT TERM HUP

# cgroup v2 has one tree, v1 one for each controller.
trees=/sys/fs/cgroup
[ -e "$trees/cgroup.procs" ] || trees=$(dirname /sys/fs/cgroup/*/cgroup.procs)
for tree in $trees; do
  mkdir -p "$tree/$3"
  # On v1 a new cpuset may use nothing, and what the kubelet makes in there could not start.
  for file in cpuset.cpus cpuset.mems; do
    [ ! -e "$tree/$file" ] || cat "$tree/$file" >"$tree/$3/$file"
  done
done

unshare --mount --pid --fork --kill-child --mount-proc /bin/sh "$1" "$2" "$3" "$4"

tries=0
while [ "$tries" -lt 100 ]; do
  there=
  for tree in $trees; do
    [ ! -d "$tree/$3" ] || find "$tree/$3" -depth -type d -exec rmdir {} + 2>/dev/null || there=1
  done
  [ "$there" ] || break
  tries=$((tries + 1))
  sleep 0.1
done
