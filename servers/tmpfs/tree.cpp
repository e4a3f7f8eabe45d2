// SPDX-License-Identifier: MIT
#include "servers/tmpfs/tree.hpp"

#include <algorithm>

#include "libs/base/align.hpp"

namespace tmpfs {

using fs_server::AttributeChange;
using fs_server::NewNode;
using fs_server::Place;

Tree::Tree(std::unique_ptr<Store> store, const fs_server::Clock& clock, const TreeOptions& options)
    : store_(std::move(store)), clock_(clock), options_(options) {
    Node& root = add_node({.kind = fs::Kind::directory,
                           .mode = options.root_mode,
                           .user = options.owner.user,
                           .group = options.owner.group});
    root.parent = &root;
    root.attributes.links = 2;
}

Result<Tree::Node*> Tree::find(Inode inode) {
    Node*& recent = recent_[inode.value() % recent_.size()];
    if (recent != nullptr && recent->attributes.inode == inode.value()) {
        return recent;
    }
    const auto found = nodes_.find(inode.value());
    if (found == nodes_.end()) {
        return base::fail(Status::bad_handle);
    }
    recent = &found->second;
    return recent;
}

Tree::Node& Tree::add_node(const NewNode& what) {
    const std::uint64_t number = next_number_++;
    Node& node = nodes_[number];
    const fs::Timestamp now = clock_.now();
    node.attributes = {.device = options_.device,
                       .inode = number,
                       .mode = what.mode,
                       .kind = what.kind,
                       .user = what.user,
                       .group = what.group,
                       .device_major = what.device_major,
                       .device_minor = what.device_minor,
                       .accessed = now,
                       .modified = now,
                       .changed = now};
    node.target = what.target;
    node.seals = what.kind == fs::Kind::regular && !what.sealable ? fs::Seal::seal : 0;
    if (what.kind == fs::Kind::symbolic_link) {
        node.attributes.size = what.target.size();
    }
    return node;
}

void Tree::touch(Node& node) {
    node.attributes.modified = clock_.now();
    node.attributes.changed = node.attributes.modified;
}

void Tree::enter(Node& directory, std::string_view name, Node& node) {
    const std::uint64_t cursor = directory.next_cursor++;
    const auto entry = directory.entries.emplace(std::string{name}, Link{&node, cursor}).first;
    directory.by_cursor.emplace(cursor, entry);
    if (node.attributes.kind == fs::Kind::directory) {
        node.parent = &directory;
        ++directory.attributes.links;
    }
    touch(directory);
}

void Tree::leave(Node& directory, Entries::iterator entry) {
    if (entry->second.node->attributes.kind == fs::Kind::directory) {
        --directory.attributes.links;
    }
    directory.by_cursor.erase(entry->second.cursor);
    directory.entries.erase(entry);
    touch(directory);
}

// The node lost a name.
void Tree::unlink(Node& node) {
    node.attributes.changed = clock_.now();
    node.attributes.links =
        node.attributes.kind == fs::Kind::directory ? 0 : node.attributes.links - 1;
    discard_if_unused(node);
}

void Tree::discard_if_unused(Node& node) {
    if (node.attributes.links == 0 && node.holds == 0) {
        recent_[node.attributes.inode % recent_.size()] = nullptr;
        extended_places_ -= places_of(node);
        nodes_.erase(node.attributes.inode);
    }
}

Result<fs::Attributes> Tree::attributes(Inode inode) {
    fs::Attributes result;
    TRY(read_attributes(inode, result));
    return result;
}

Result<void> Tree::read_attributes(Inode inode, fs::Attributes& to) {
    const Node* node = TRY(find(inode));
    to = node->attributes;
    if (to.kind == fs::Kind::directory) {
        to.size = node->entries.size() * sizeof(fs::DirectoryEntry);
    }
    to.blocks = base::align_up(to.size, 4096) / 512;
    return {};
}

Result<void> Tree::change(Inode inode, const AttributeChange& change) {
    using Set = fs::SetAttributes;
    Node* node = TRY(find(inode));
    fs::Attributes& now = node->attributes;
    if ((change.which & Set::mode) != 0) {
        now.mode = change.values.mode;
    }
    if ((change.which & Set::user) != 0) {
        now.user = change.values.user;
    }
    if ((change.which & Set::group) != 0) {
        now.group = change.values.group;
    }
    if ((change.which & Set::accessed) != 0) {
        now.accessed = change.values.accessed;
    }
    if ((change.which & Set::modified) != 0) {
        now.modified = change.values.modified;
    }
    now.changed = clock_.now();
    return {};
}

Result<Inode> Tree::lookup(const Place& place) {
    const Node* directory = TRY(find(place.directory));
    const auto entry = directory->entries.find(place.name);
    if (entry == directory->entries.end()) {
        return base::fail(Status::not_found);
    }
    return Inode{entry->second.node->attributes.inode};
}

Result<Inode> Tree::parent(Inode directory) {
    const Node* node = TRY(find(directory));
    return Inode{node->parent->attributes.inode};
}

Result<Inode> Tree::make(const Place& place, const NewNode& what) {
    Node* directory = TRY(find(place.directory));
    if (places_taken() >= options_.max_nodes) {
        return base::fail(Status::no_space);
    }
    Node& node = add_node(what);
    node.attributes.links = what.kind == fs::Kind::directory ? 2 : 1;
    enter(*directory, place.name, node);
    return Inode{node.attributes.inode};
}

Result<void> Tree::link(const Place& place, Inode target) {
    Node* directory = TRY(find(place.directory));
    Node* node = TRY(find(target));
    enter(*directory, place.name, *node);
    ++node->attributes.links;
    node->attributes.changed = clock_.now();
    return {};
}

Result<void> Tree::remove(const Place& place, Inode target) {
    Node* directory = TRY(find(place.directory));
    Node* node = TRY(find(target));
    if (!node->entries.empty()) {
        return base::fail(Status::not_empty);
    }
    const auto entry = directory->entries.find(place.name);
    if (entry == directory->entries.end() || entry->second.node != node) {
        return base::fail(Status::not_found);
    }
    leave(*directory, entry);
    if (node->attributes.kind == fs::Kind::directory) {
        node->parent = node;  // nowhere any more
    }
    unlink(*node);
    return {};
}

Result<void> Tree::rename(const Place& from, Inode inode, const Place& to,
                          std::optional<Inode> replaced) {
    Node* source = TRY(find(from.directory));
    Node* target = TRY(find(to.directory));
    Node* node = TRY(find(inode));
    const auto entry = source->entries.find(from.name);
    if (entry == source->entries.end() || entry->second.node != node) {
        return base::fail(Status::not_found);
    }
    if (replaced) {
        TRY(remove(to, *replaced));
    }
    leave(*source, entry);
    enter(*target, to.name, *node);
    node->attributes.changed = clock_.now();
    return {};
}

Result<void> Tree::list(Inode directory, std::uint64_t cursor, fs_server::DirectorySink& sink) {
    const Node* node = TRY(find(directory));
    if (cursor == 0 && !sink.add({".", directory, fs::Kind::directory, 1})) {
        return {};
    }
    const Inode above{node->parent->attributes.inode};
    if (cursor <= 1 && !sink.add({"..", above, fs::Kind::directory, first_cursor})) {
        return {};
    }
    for (auto at = node->by_cursor.lower_bound(cursor); at != node->by_cursor.end(); ++at) {
        const auto& [name, link] = *at->second;
        if (!sink.add({name, Inode{link.node->attributes.inode}, link.node->attributes.kind,
                       at->first + 1})) {
            break;
        }
    }
    return {};
}

Result<std::string_view> Tree::read_link(Inode inode, std::span<char> buffer) {
    const Node* node = TRY(find(inode));
    const std::size_t length = std::min(buffer.size(), node->target.size());
    std::copy_n(node->target.data(), length, buffer.data());
    return std::string_view{buffer.data(), length};
}

Result<FileData*> Tree::data_of(Node& node) {
    if (!node.data) {
        node.data = TRY(store_->make());
        TRY(node.data->resize(node.attributes.size));
    }
    return node.data.get();
}

Result<std::size_t> Tree::read(Inode inode, std::uint64_t offset, std::span<std::byte> buffer) {
    const Node* node = TRY(find(inode));
    if (offset >= node->attributes.size) {
        return std::size_t{0};
    }
    const std::size_t length =
        std::min<std::uint64_t>(buffer.size(), node->attributes.size - offset);
    if (node->data) {
        TRY(node->data->read(offset, buffer.first(length)));
    } else {
        std::ranges::fill(buffer.first(length), std::byte{});
    }
    return length;
}

Result<std::size_t> Tree::write(Inode inode, std::uint64_t offset,
                                std::span<const std::byte> data) {
    Node* node = TRY(find(inode));
    if (data.empty()) {
        return std::size_t{0};
    }
    const std::uint64_t end = offset + data.size();
    const std::uint64_t old_size = node->attributes.size;
    using Seal = fs::Seal;
    const std::uint32_t breaks =
        Seal::write | Seal::future_write | (end > old_size ? Seal::grow : 0U);
    if ((node->seals & breaks) != 0) {
        return base::fail(Status::not_permitted);
    }
    FileData* file = TRY(data_of(*node));
    if (end > old_size) {
        TRY(file->resize(end));
    }
    const auto written = file->write(offset, data);
    if (!written) {
        if (end > old_size) {
            TRY(file->resize(old_size));
        }
        return base::fail(written.error());
    }
    node->attributes.size = std::max(old_size, end);
    touch(*node);
    return data.size();
}

Result<void> Tree::truncate(Inode inode, std::uint64_t size) {
    Node* node = TRY(find(inode));
    const std::uint64_t old_size = node->attributes.size;
    if ((size < old_size && (node->seals & fs::Seal::shrink) != 0) ||
        (size > old_size && (node->seals & fs::Seal::grow) != 0)) {
        return base::fail(Status::not_permitted);
    }
    FileData* file = TRY(data_of(*node));
    TRY(file->resize(size));
    node->attributes.size = size;
    touch(*node);
    return {};
}

Result<void> Tree::allocate(Inode inode, std::uint64_t offset, std::uint64_t length) {
    Node* node = TRY(find(inode));
    if ((node->seals & fs::Seal::grow) != 0 && offset + length > node->attributes.size) {
        return base::fail(Status::not_permitted);
    }
    FileData* file = TRY(data_of(*node));
    return file->reserve(offset, length);
}

Result<void> Tree::note_written(Inode inode) {
    Node* node = TRY(find(inode));
    if ((node->seals & (fs::Seal::write | fs::Seal::future_write)) != 0) {
        return base::fail(Status::not_permitted);
    }
    FileData* file = TRY(data_of(*node));
    TRY(file->resize(node->attributes.size));  // the header tells of a change
    touch(*node);
    return {};
}

Result<fs_server::MappedFile> Tree::map(Inode inode, bool writable) {
    Node* node = TRY(find(inode));
    if (writable && (node->seals & (fs::Seal::write | fs::Seal::future_write)) != 0) {
        return base::fail(Status::not_permitted);
    }
    FileData* file = TRY(data_of(*node));
    auto mapped = TRY(file->map(writable));
    mapped.size = node->attributes.size;
    return mapped;
}

Result<std::uint32_t> Tree::seal(Inode inode, std::uint32_t seals) {
    Node* node = TRY(find(inode));
    if (seals == 0) {
        return node->seals;
    }
    if ((node->seals & fs::Seal::seal) != 0) {
        return base::fail(Status::not_permitted);
    }
    if ((seals & fs::Seal::write) != 0 && node->data) {
        TRY(node->data->leave_writers());
    }
    node->seals |= seals;
    return node->seals;
}

std::uint64_t Tree::places_of(const Node& node) {
    constexpr std::uint64_t bytes_of_place = 1024;
    std::uint64_t bytes = 0;
    for (const auto& [name, value] : node.extended) {
        bytes += sizeof(std::pair<std::string, std::string>) + name.size() + value.size();
    }
    return (bytes + bytes_of_place - 1) / bytes_of_place;
}

Result<std::string> Tree::get_extended(Inode inode, std::string_view name) {
    const Node* node = TRY(find(inode));
    const auto found = node->extended.find(name);
    if (found == node->extended.end()) {
        return base::fail(Status::not_found);
    }
    return found->second;
}

Result<void> Tree::set_extended(Inode inode, std::string_view name, std::string_view value) {
    constexpr std::uint64_t most_places = 8;  // of one node
    Node* node = TRY(find(inode));
    const std::uint64_t before = places_of(*node);
    const auto old = node->extended.find(name);
    const auto kept = old == node->extended.end() ? std::nullopt : std::optional{old->second};
    node->extended.insert_or_assign(std::string{name}, std::string{value});
    const std::uint64_t after = places_of(*node);
    if (after > most_places ||
        (after > before && places_taken() - before + after > options_.max_nodes)) {
        if (kept) {
            node->extended.find(name)->second = *kept;
        } else {
            node->extended.erase(node->extended.find(name));
        }
        return base::fail(Status::no_space);
    }
    extended_places_ += after - before;
    node->attributes.changed = clock_.now();
    return {};
}

Result<void> Tree::remove_extended(Inode inode, std::string_view name) {
    Node* node = TRY(find(inode));
    const auto found = node->extended.find(name);
    if (found == node->extended.end()) {
        return base::fail(Status::not_found);
    }
    extended_places_ -= places_of(*node);
    node->extended.erase(found);
    extended_places_ += places_of(*node);
    node->attributes.changed = clock_.now();
    return {};
}

Result<std::string> Tree::list_extended(Inode inode) {
    const Node* node = TRY(find(inode));
    std::string names;
    for (const auto& [name, value] : node->extended) {
        names.append(name).push_back('\0');
    }
    return names;
}

Result<void> Tree::sync(Inode inode, bool) {
    TRY(find(inode));
    return {};
}

Result<fs_server::Usage> Tree::usage() {
    const StoreUsage store = store_->usage();
    return fs_server::Usage{.type = 2,
                            .block_size = 4096,
                            .blocks = store.limit_bytes / 4096,
                            .free_blocks = store.free_bytes / 4096,
                            .inodes = options_.max_nodes,
                            .free_inodes = options_.max_nodes - places_taken()};
}

void Tree::hold(Inode inode) {
    if (const auto node = find(inode)) {
        ++(*node)->holds;
    }
}

void Tree::release(Inode inode) {
    if (const auto node = find(inode)) {
        --(*node)->holds;
        discard_if_unused(**node);
    }
}

}  // namespace tmpfs
