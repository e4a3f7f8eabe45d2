// SPDX-License-Identifier: MIT
#include "linux/fd/own_files.hpp"

#include <algorithm>
#include <array>

#include "interfaces/namespace.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/own_names.hpp"
#include "linux/fd/table.hpp"
#include "linux/process/random.hpp"
#include "linux/process/state.hpp"

namespace linux::fd {

namespace {

std::string decimal(std::uint64_t number) {
    std::string text;
    append_number(text, number);
    return text;
}

std::vector<OwnDirectory::Entry> list_descriptors() {
    std::vector<OwnDirectory::Entry> entries;
    table.for_each_open(
        [&](std::size_t number) { entries.push_back({decimal(number), fs::Kind::symbolic_link}); });
    return entries;
}

struct Shown {
    std::string path;
    bool writable;
};

// What the own view shows. Without a mount there, the view's own directories are what is at the top.
Result<std::vector<Shown>> shown_mounts() {
    std::vector<Shown> mounts;
    for (std::uint32_t first = 0;;) {
        const auto answer = TRY(or_errno(ipc::call(ipc::Ref<names::View>{process::own_view},
                                                   names::ListMounts{.first = first})));
        if (answer.reply.count == 0) {
            if (!std::ranges::contains(mounts, "/", &Shown::path)) {
                mounts.insert(mounts.begin(), {"/", false});
            }
            return mounts;
        }
        std::size_t at = 0;
        for (std::uint32_t i = 0; i < answer.reply.count; ++i) {
            names::MountRule rule;
            if (!ipc::read_payload(answer.payload, rule, at) || rule.record_length < sizeof rule ||
                at + sizeof rule + rule.path_length > answer.payload.size()) {
                return base::fail(Errno::eio);
            }
            const auto path = ipc::text(answer.payload.subspan(at + sizeof rule, rule.path_length));
            mounts.push_back({std::string{path}, rule.access == names::Access::inherit});
            at += rule.record_length;
        }
        first += answer.reply.count;
    }
}

// Without what would look like the end of a field (proc(5)).
std::string to_field(std::string_view path) {
    constexpr std::string_view special = " \t\n\\";
    constexpr std::array<std::string_view, special.size()> written = {"\\040", "\\011", "\\012",
                                                                      "\\134"};
    std::string field;
    for (const char character : path) {
        const std::size_t which = special.find(character);
        field += which == special.npos ? std::string_view{&character, 1} : written[which];
    }
    return field;
}

// proc(5), /proc/PID/mounts: what is mounted, where, as what, how.
Result<std::string> mounts_text() {
    std::string text;
    for (const Shown& mount : TRY(shown_mounts())) {
        text += "none " + to_field(mount.path);
        text += mount.writable ? " cluu rw 0 0\n" : " cluu ro 0 0\n";
    }
    return text;
}

// The mount that the one with this number stands in; itself, if it is the one at the top.
std::size_t parent_of(const std::vector<Shown>& mounts, std::size_t number) {
    const std::string_view path = mounts[number].path;
    std::size_t parent = number;
    std::size_t longest = 0;
    for (std::size_t i = 0; i < mounts.size(); ++i) {
        const std::string_view other = mounts[i].path;
        const bool above = other == "/" || (path.starts_with(other) && path.size() > other.size() &&
                                            path[other.size()] == '/');
        if (i != number && above && other.size() > longest && path != "/") {
            parent = i;
            longest = other.size();
        }
    }
    return parent;
}

// proc(5), /proc/PID/mountinfo: number, parent, device, root, path, how; as what, from what, how.
Result<std::string> mount_info_text() {
    const std::vector<Shown> mounts = TRY(shown_mounts());
    std::string text;
    for (std::size_t i = 0; i < mounts.size(); ++i) {
        std::uint64_t device = 0;
        if (const auto path = resolve_text(linux_abi::at_cwd, mounts[i].path)) {
            const auto attributes = attributes_of(*path, true);
            device = attributes ? attributes->device : 0;
        }
        const std::string_view access = mounts[i].writable ? "rw" : "ro";
        text += decimal(i + 1) + ' ' + decimal(parent_of(mounts, i) + 1) + ' ';
        text += decimal(linux_abi::device_major(device)) + ':';
        text += decimal(linux_abi::device_minor(device)) + " / " + to_field(mounts[i].path) + ' ';
        text += access;
        text += " - cluu none ";
        text += access;
        text += '\n';
    }
    return text;
}

// A fresh one for each open (RFC 9562, version 4).
std::string random_uuid() {
    std::array<std::byte, 16> bytes;
    random_bytes(bytes);
    bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
    bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        constexpr std::string_view digits = "0123456789abcdef";
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text += '-';
        }
        text += digits[std::to_integer<std::size_t>(bytes[i] >> 4)];
        text += digits[std::to_integer<std::size_t>(bytes[i] & std::byte{0x0f})];
    }
    return text + '\n';
}

std::uint32_t ready_at_once(std::uint32_t events) {
    return events & (fs::Poll::readable | fs::Poll::writable);
}

// Everybody may read it, nobody change it, and it is this process's user's.
fs::Attributes own_attributes(const Description& file, fs::Kind kind) {
    const bool is_directory = kind == fs::Kind::directory;
    fs::Attributes attributes;
    attributes.kind = kind;
    attributes.mode = is_directory ? 0555 : 0444;
    attributes.links = is_directory ? 2 : 1;
    attributes.inode = file.id();
    attributes.user = identity().user;
    attributes.group = identity().group_id;
    return attributes;
}

}  // namespace

std::int64_t OwnText::read(UserBuffer& buffer, Offset offset) {
    const std::uint64_t from = offset == current_offset ? offset_.load() : offset;
    if (from >= text_.size()) {
        return 0;
    }
    const std::size_t count = std::min<std::uint64_t>(buffer.remaining(), text_.size() - from);
    const auto put = buffer.put(std::as_bytes(std::span{text_}.subspan(from, count)));
    if (!put) {
        return -put.error();
    }
    if (offset == current_offset) {
        offset_.store(from + count);
    }
    return static_cast<std::int64_t>(count);
}

Result<std::uint64_t> OwnText::seek(std::int64_t offset, std::uint32_t whence) {
    const std::int64_t from =
        whence == fs::Seek::from_current ? static_cast<std::int64_t>(offset_.load()) : 0;
    if (whence > fs::Seek::from_current || from + offset < 0) {
        return base::fail(Errno::einval);
    }
    offset_.store(static_cast<std::uint64_t>(from + offset));
    return offset_.load();
}

Result<fs::Attributes> OwnText::attributes() { return own_attributes(*this, fs::Kind::regular); }

std::uint32_t OwnText::poll(std::uint32_t events, WakeTarget /*target*/) {
    return ready_at_once(events);
}

const OwnDirectory::Entry* OwnDirectory::next() {
    if (position() == 0) {
        entries_ = {{".", fs::Kind::directory}, {"..", fs::Kind::directory}};
        for (Entry& entry : list_()) {
            entries_.push_back(std::move(entry));
        }
    }
    return position() < entries_.size() ? &entries_[position()] : nullptr;
}

Result<std::uint64_t> OwnDirectory::seek(std::int64_t offset, std::uint32_t whence) {
    const std::int64_t from =
        whence == fs::Seek::from_current ? static_cast<std::int64_t>(position()) : 0;
    if (whence > fs::Seek::from_current || from + offset < 0) {
        return base::fail(Errno::einval);
    }
    position_.store(static_cast<std::uint64_t>(from + offset));
    return position();
}

Result<fs::Attributes> OwnDirectory::attributes() {
    return own_attributes(*this, fs::Kind::directory);
}

std::uint32_t OwnDirectory::poll(std::uint32_t events, WakeTarget /*target*/) {
    return ready_at_once(events);
}

Result<Handle> open_own_file(std::string_view path, std::uint32_t status) {
    if (path == "/proc/sys/kernel/random/uuid") {
        return Handle{new OwnText(status, random_uuid())};
    }
    const auto rest = path == "/proc/mounts" ? std::optional{path.substr(5)} : below_own_proc(path);
    if (!rest) {
        return Handle{};
    }
    if (*rest == "/fd") {
        return Handle{new OwnDirectory(status, std::string{path}, &list_descriptors)};
    }
    if (*rest == "/mounts") {
        return Handle{new OwnText(status, TRY(mounts_text()))};
    }
    if (*rest == "/mountinfo") {
        return Handle{new OwnText(status, TRY(mount_info_text()))};
    }
    return Handle{};
}

}  // namespace linux::fd
