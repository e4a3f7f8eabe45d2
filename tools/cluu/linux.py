# SPDX-License-Identifier: MIT
"""Linux as a guest, for comparison: Debian's cloud kernel (downloaded, not installed) and an initramfs of ours.

Two uses: `./cluu bench` measures it, and `./cluu exec --reference` runs a command on it from the same disk and with the
same QEMU line as on CLUU, so that a test can show what the real thing does.
"""

from pathlib import Path

from . import debian, initrd, paths
from .tree import Entry

META = "linux-image-cloud-amd64"
# What the kernel does not have built in but needs to reach the disk, in the order of loading.
MODULES = ["virtio/virtio_ring", "virtio/virtio", "virtio/virtio_pci_legacy_dev", "virtio/virtio_pci_modern_dev",
           "virtio/virtio_pci", "block/virtio_blk"]
WORDS = "quiet console=ttyS0 panic=-1"

# Runs the disk's execd, as CLUU's init does.
EXEC_INIT = """\
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs devtmpfs /dev
for m in /modules/*.ko; do /bin/busybox insmod $m; done
/bin/busybox mount -t ext2 /dev/vda /root || exec /bin/busybox poweroff -f
cd /root
/bin/busybox mount -t devtmpfs devtmpfs dev
/bin/busybox mount -t proc proc proc
/bin/busybox mount -t tmpfs tmpfs tmp
/bin/busybox mkdir dev/shm
/bin/busybox mount -t tmpfs tmpfs dev/shm
exec /bin/busybox switch_root /root /bin/execd
"""


def kernel() -> Path:
    folder = debian.unpacked(debian.dependency(META, "linux-image-")) / "boot"
    return next(folder.glob("vmlinuz-*"))


def _modules() -> list[Entry]:
    root = kernel().parents[1] / "lib/modules"
    folder = next(root.iterdir()) / "kernel/drivers"
    return [Entry(f"/modules/{index}.ko", "file", 0o644, content=(folder / f"{name}.ko").read_bytes())
            for index, name in enumerate(MODULES)]


def initramfs(output: Path, init: str, files: dict[str, Path] | None = None, modules: bool = False) -> Path:
    """An initramfs with busybox, this init script, and the given files (path in the guest -> file here)."""
    entries = [Entry(path, "directory", 0o755) for path in ("/bin", "/dev", "/modules", "/proc", "/root", "/sys", "/tmp")]
    entries.append(Entry("/bin/busybox", "file", 0o755, content=Path("/bin/busybox").read_bytes()))
    entries.append(Entry("/init", "file", 0o755, content=init.encode()))
    for path, file in (files or {}).items():
        entries.append(Entry(path, "file", 0o755, content=file.read_bytes()))
    if modules:
        entries += _modules()
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(initrd.archive(sorted(entries, key=lambda e: e.path), for_linux=True))
    return output


def exec_initramfs() -> Path:
    return initramfs(paths.BUILD / "reference" / "exec.cpio", EXEC_INIT, modules=True)
