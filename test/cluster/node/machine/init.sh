# usage: init.sh FOLDER NAME ADDRESS
#
# The first process of a node's namespaces: containerd and the kubelet, which change this machine nowhere but below
# FOLDER, in their cgroups and on their bridge.
set -e
folder=$1
exec 3<&0

# The kubelet wants volumes to be seen by containers that mount them later.
mount --make-rshared /
# Where the two, and what they start, keep files at fixed paths.
for path in /run /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs "$path"; done
# The kubelet sets these for the whole machine; it may set copies.
mkdir "$folder/sysctl"
for name in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys \
  kernel/keys/root_maxbytes; do
  copy="$folder/sysctl/${name##*/}"
  cat "/proc/sys/$name" >"$copy"
  mount --bind "$copy" "/proc/sys/$name"
done

# Runs a program again whenever a test has killed it, as any node does.
keep_running() {
  code=137
  while [ "$code" -eq 137 ]; do
    code=0
    "$@" || code=$?
  done
  return "$code"
}

keep_running containerd --config "$folder/containerd.toml" >"$folder/containerd.log" 2>&1 3<&- &
containerd=$!
until ctr --address "$folder/containerd.sock" version >/dev/null 2>&1; do
  kill -0 "$containerd"
  sleep 0.1
done

trap 'exit 0' TERM
{ read -r _ <&3 || kill -TERM 1; } &
# The node ends with its kubelet.
keep_running kubelet --config="$folder/kubelet.yaml" --kubeconfig="$folder/node.kubeconfig" --root-dir="$folder/kubelet" \
  --hostname-override="$2" --node-ip="$3" >"$folder/kubelet.log" 2>&1 3<&- &
wait "$!"
