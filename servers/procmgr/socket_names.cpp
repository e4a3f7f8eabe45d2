// SPDX-License-Identifier: MIT
#include "servers/procmgr/socket_names.hpp"

#include <algorithm>

namespace procmgr {

std::uint64_t SocketNames::find(const Key& key) {
    const auto found = names_.find(key);
    if (found == names_.end()) {
        return 0;
    }
    const std::uint64_t node = found->second;
    return service_.is_open(nodes_[node].binder, {this, Inode{node}}) ? node : 0;
}

std::size_t SocketNames::count_of(std::uint32_t container) const {
    const auto first = names_.lower_bound({container, 0, {}});
    return static_cast<std::size_t>(
        std::distance(first, names_.lower_bound({container + 1, 0, {}})));
}

// Five digits, as Linux makes them. There are more of them than a container may have names.
std::string SocketNames::choose(Key key) {
    constexpr std::string_view digits = "0123456789abcdef";
    do {
        ++chosen_;
        key.name.clear();
        for (int shift = 16; shift >= 0; shift -= 4) {
            key.name += digits[chosen_ >> shift & 0xf];
        }
    } while (find(key) != 0);
    return key.name;
}

SocketNames::Result<ipc::Capability<fs::File>> SocketNames::open(const Process& process,
                                                                 const process::OpenSocketName& how,
                                                                 std::string& name) {
    Key key{process.container, how.type, name};
    const fs::Identity who{process.identity.user, process.identity.group};
    if (how.bind == 0) {
        const std::uint64_t node = find(key);
        if (node == 0) {
            return base::fail(Status::not_found);
        }
        auto opened = TRY(service_.open_node({.backend = this,
                                              .inode = Inode{node},
                                              .kind = fs::Kind::socket,
                                              .flags = fs::OpenFlags::write,
                                              .opener = who}));
        return std::move(opened.file);
    }
    if (count_of(key.container) == most_of_container) {
        return base::fail(Status::limit);
    }
    if (name.empty()) {
        key.name = name = choose(key);
    } else if (find(key) != 0) {
        return base::fail(Status::exists);
    }
    const std::uint64_t node = ++latest_;
    nodes_[node] = {.owner = who, .key = key};
    auto opened = service_.open_node(
        {.backend = this,
         .inode = Inode{node},
         .kind = fs::Kind::socket,
         .flags = fs::OpenFlags::path_only | (how.flags & fs::OpenFlags::non_block),
         .opener = who});
    if (!opened) {
        nodes_.erase(node);
        return base::fail(opened.error());
    }
    nodes_[node].binder = opened->badge;
    names_[std::move(key)] = node;
    return std::move(opened->file);
}

SocketNames::Result<fs::Attributes> SocketNames::attributes(Inode inode) {
    const Node& node = nodes_[inode.value()];
    fs::Attributes attributes;
    attributes.inode = inode.value();
    attributes.kind = fs::Kind::socket;
    attributes.mode = 0777;
    attributes.links = 1;
    attributes.user = node.owner.user;
    attributes.group = node.owner.group;
    return attributes;
}

void SocketNames::release(Inode inode) {
    const auto node = nodes_.find(inode.value());
    if (--node->second.holders != 0) {
        return;
    }
    const auto name = names_.find(node->second.key);
    if (name != names_.end() && name->second == inode.value()) {
        names_.erase(name);
    }
    nodes_.erase(node);
}

}  // namespace procmgr
