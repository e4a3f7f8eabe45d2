// SPDX-License-Identifier: MIT
#include "servers/tmpfs/archive.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "libs/base/align.hpp"

namespace tmpfs {
namespace {

using fs_server::Backend;
using fs_server::Inode;
using fs_server::NewNode;

constexpr std::size_t header_bytes = 110;
constexpr std::uint32_t kind_mask = 0170000;
constexpr std::uint32_t mode_mask = 07777;

// The header's numbers, in its order.
enum Field : std::size_t {
    mode = 1,
    user = 2,
    group = 3,
    file_size = 6,
    name_size = 11,
    count = 13
};

struct Member {
    std::array<std::uint32_t, Field::count> fields{};
    std::string name;
    std::uint64_t data = 0;  // offset of its contents
    std::uint64_t next = 0;  // offset of the next member
};

Result<Member> read_member(ArchiveReader& archive, std::uint64_t offset) {
    std::array<std::byte, header_bytes> raw;
    TRY(archive.read(offset, raw));
    const auto* text = reinterpret_cast<const char*>(raw.data());
    if (std::string_view{text, 6} != "070701") {
        return base::fail(Status::invalid);
    }
    Member member;
    for (std::size_t i = 0; i < Field::count; ++i) {
        const char* digits = text + 6 + i * 8;
        if (std::from_chars(digits, digits + 8, member.fields[i], 16).ptr != digits + 8) {
            return base::fail(Status::invalid);
        }
    }
    // The name may be padded with zeros, to align the contents.
    const std::uint32_t length = member.fields[Field::name_size];
    if (length == 0 || length > 8192) {
        return base::fail(Status::invalid);
    }
    member.name.resize(length);
    TRY(archive.read(offset + header_bytes, std::as_writable_bytes(std::span{member.name})));
    member.name.resize(std::min(member.name.find('\0'), member.name.size()));
    member.data = base::align_up(offset + header_bytes + length, 4);
    member.next = base::align_up(member.data + member.fields[Field::file_size], 4);
    return member;
}

// The directory with this path, made if it is not there.
Result<Inode> directory_for(Backend& to, std::string_view path) {
    Inode at = to.root();
    while (!path.empty()) {
        const std::size_t slash = std::min(path.find('/'), path.size());
        const std::string_view name = path.substr(0, slash);
        path.remove_prefix(std::min(slash + 1, path.size()));
        if (name.empty() || name == "." || name == ".." || name.size() > fs::max_name) {
            return base::fail(Status::invalid);
        }
        const auto found = to.lookup({at, name});
        at = found ? *found : TRY(to.make({at, name}, {.kind = fs::Kind::directory, .mode = 0755}));
        if (TRY(to.attributes(at)).kind != fs::Kind::directory) {
            return base::fail(Status::not_directory);
        }
    }
    return at;
}

Result<void> copy_contents(ArchiveReader& archive, const Member& member, Backend& to, Inode file) {
    std::array<std::byte, 4096> buffer;
    const std::uint64_t size = member.fields[Field::file_size];
    for (std::uint64_t done = 0; done < size; done += buffer.size()) {
        const auto piece = std::span{buffer}.first(std::min<std::uint64_t>(size - done, 4096));
        TRY(archive.read(member.data + done, piece));
        TRY(to.write(file, done, piece));
    }
    return {};
}

Result<void> unpack_member(ArchiveReader& archive, const Member& member, Backend& to) {
    std::string_view path = member.name;
    while (path.starts_with('/') || path.starts_with("./")) {
        path.remove_prefix(1);
    }
    if (path.empty() || path == ".") {
        return {};
    }
    const std::size_t slash = path.rfind('/');
    const Inode parent =
        TRY(directory_for(to, slash == path.npos ? std::string_view{} : path.substr(0, slash)));
    const std::string_view name = slash == path.npos ? path : path.substr(slash + 1);
    if (name.empty() || name == "." || name == ".." || name.size() > fs::max_name) {
        return base::fail(Status::invalid);
    }
    NewNode node{.mode = member.fields[Field::mode] & mode_mask,
                 .user = member.fields[Field::user],
                 .group = member.fields[Field::group]};
    std::string target;
    switch (member.fields[Field::mode] & kind_mask) {
        case 0040000: node.kind = fs::Kind::directory; break;
        case 0100000: node.kind = fs::Kind::regular; break;
        case 0120000:
            node.kind = fs::Kind::symbolic_link;
            target.resize(std::min<std::uint32_t>(member.fields[Field::file_size], fs::max_path));
            TRY(archive.read(member.data, std::as_writable_bytes(std::span{target})));
            node.target = target;
            break;
        default: return {};  // devices and the like: their place is /dev
    }
    if (to.lookup({parent, name})) {
        return {};
    }
    const Inode made = TRY(to.make({parent, name}, node));
    if (node.kind == fs::Kind::regular) {
        TRY(copy_contents(archive, member, to, made));
    }
    return {};
}

}  // namespace

Result<void> unpack(ArchiveReader& archive, fs_server::Backend& to) {
    std::uint64_t offset = 0;
    for (;;) {
        const Member member = TRY(read_member(archive, offset));
        if (member.name == "TRAILER!!!") {
            return {};
        }
        TRY(unpack_member(archive, member, to));
        offset = member.next;
    }
}

}  // namespace tmpfs
