#!/bin/bash
# The first process of a system of its own: the machine's files under a layer in memory, with the units of the documentation and what
# their pages say to set up. Started by units.py in new name spaces; its arguments are the command, the documentation and the folder of the test.
set -e
command=$1 docs=$2 folder=$3
terminal=$(tty)
mount --make-rprivate /
layer=$(mktemp -d)
mount -t tmpfs tmpfs "$layer"
mkdir "$layer"/{up,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$layer/up,workdir=$layer/work" "$layer/root"
root=$layer/root
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs tmpfs "$root/run"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount --bind "$terminal" "$root/dev/console"
# Whatever this machine would start stays off.
rm -rf "$root"/etc/systemd/system
mkdir -p "$root"/etc/systemd/system "$root"/etc/breachdex "$root"/var/lib/breachdex "$root"/var/log/units
for unit in proc-sys-fs-binfmt_misc.automount proc-sys-fs-binfmt_misc.mount systemd-binfmt.service systemd-udevd.service \
    systemd-udev-trigger.service systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket \
    systemd-timesyncd.service systemd-random-seed.service systemd-tmpfiles-setup.service systemd-tmpfiles-setup-dev.service \
    systemd-remount-fs.service dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    sys-fs-fuse-connections.mount sys-kernel-config.mount; do
    ln -s /dev/null "$root/etc/systemd/system/$unit"
done

# As docs/serve.md and docs/sidecar.md say.
install -m 755 "$command" "$root/usr/local/bin/breachdex"
chroot "$root" useradd --system --shell /usr/sbin/nologin breachdex
chroot "$root" groupadd --system breachdex-sidecar
cp "$folder"/*.bdx "$root/var/lib/breachdex/"
chroot "$root" chown -R breachdex: /var/lib/breachdex
cp "$folder/policy.toml" "$folder/proxy.toml" "$root/etc/breachdex/"
cp "$docs"/*.service "$docs"/*.socket "$docs"/*.timer "$root/etc/systemd/system/"
for unit in breachdex breachdex-sidecar breachdex-proxy breachdex-update; do
    mkdir "$root/etc/systemd/system/$unit.service.d"
    printf '[Service]\nStandardOutput=append:/var/log/units/%s\nStandardError=append:/var/log/units/%s\n' $unit $unit \
        > "$root/etc/systemd/system/$unit.service.d/log.conf"
done
# The indexes of the test cover a few prefixes, and are updated from here.
sed -i 's#serve --index#serve --partial --index#' "$root/etc/systemd/system/breachdex.service"
sed -i 's#/var/lib/breachdex/pwned.bdx#/var/lib/breachdex/own.bdx#' "$root/etc/systemd/system/breachdex-update.service"
cp "$(dirname "$0")/check.sh" "$root/root/check.sh"
cat > "$root/etc/systemd/system/test.service" <<'UNIT'
[Unit]
DefaultDependencies=no
[Service]
ExecStart=/bin/bash /root/check.sh
StandardOutput=append:/var/log/units/said
StandardError=append:/var/log/units/said
UNIT
printf '[Unit]\nDefaultDependencies=no\nWants=test.service\n' > "$root/etc/systemd/system/test.target"
mkdir -p "$folder/logs"
touch "$folder/logs/said"
mount --bind "$folder/logs" "$root/var/log/units"
# Not chroot, in which no name space for users can be made (PrivateUsers=).
cd "$root"
mkdir old-root
pivot_root . old-root
umount -l old-root
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --unit=test.target \
    --log-target=console --log-level=notice --show-status=no
