// SPDX-License-Identifier: MIT
// Grants: the names that a view is confined to, and what may be done with each (names::Right).
//
// A view's mounts say where a path leads, its Grants whether it may be used. The answer for a path is
// put together on the way from the root to it:
//
//      ""            way                     its attributes can be seen, no more
//      /home         way
//      /home/ann     way; beside: create     what is directly in it may be made
//      /home/ann/a   read                    it and all below it may be read
//      /etc          rule: read_only         a mount of the new view; what was granted above ends here
//
// There may be very many names. They are a hash table with chains, in one piece of bytes: up to
// `most_kept` in the server itself, beyond that in memory that the view's container pays for. If that
// goes (with the container), nothing is granted any more.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "interfaces/namespace.hpp"
#include "servers/vfs/file_system.hpp"

namespace vfs {

// What may be done with one path of a view.
struct Rights {
    static constexpr std::uint8_t see = 1;  // its attributes, and what it says as a link
    static constexpr std::uint8_t read = names::Right::read << 1;
    static constexpr std::uint8_t write = names::Right::write << 1;
    static constexpr std::uint8_t create = names::Right::create << 1;
    static constexpr std::uint8_t make_directory = 0x10;    // only that
    static constexpr std::uint8_t remove_directory = 0x20;  // only an empty one
    static constexpr std::uint8_t read_only = see | read;
    static constexpr std::uint8_t all = 0x3f;
};

// Memory of somebody else's for the names.
class NameMemory {
public:
    virtual ~NameMemory() = default;
    // Up to abi::message_bytes; valid until the next message or call.
    [[nodiscard]] virtual Result<std::span<const std::byte>> read(std::uint32_t offset,
                                                                  std::size_t length) = 0;
    [[nodiscard]] virtual Result<void> write(std::uint32_t offset,
                                             std::span<const std::byte> data) = 0;
    // Longer than before; what is gained is zero.
    [[nodiscard]] virtual Result<void> resize(std::uint32_t bytes) = 0;
};

class NameMemoryMaker {
public:
    // limit: there is no payer.
    [[nodiscard]] virtual Result<std::unique_ptr<NameMemory>> make_name_memory(
        ipc::Ref<ipc::Bank> payer) = 0;

protected:
    ~NameMemoryMaker() = default;
};

class Grants : public Counted {
public:
    static constexpr std::size_t most_kept = 1024;
    static constexpr std::size_t longest_name = 4072;

    // `names`: how many there will be, about.
    Grants(std::uint32_t names, NameMemoryMaker& maker, ipc::Capability<ipc::Bank> payer);

    // Paths are in the view's form. Errors: name_too_long, limit, no_memory.
    // A mount of the view: what was granted further up ends here. To be added before any name.
    [[nodiscard]] Result<void> add_rule(std::string_view path, std::uint8_t rights);
    // names::Right for it and all below, and for what is directly beside it. Neither: its attributes.
    [[nodiscard]] Result<void> add(std::string_view path, std::uint8_t rights, std::uint8_t beside);

    struct Found {
        std::uint8_t rights = 0;  // Rights
        std::size_t base = 0;     // the length of the shortest path above that has the same ...
        bool uniform = false;     // ... and all below that too
    };
    [[nodiscard]] Found at(std::string_view path);

private:
    struct Record {
        std::uint32_t next = 0;  // of those with the same hash; 0: none
        std::uint16_t bits = 0;
        std::uint16_t length = 0;  // of the path, which follows
    };
    struct Place {
        std::uint32_t offset = 0;  // 0: there is none
        Record record;
    };

    [[nodiscard]] Result<Place> find(std::string_view path, std::uint32_t hash);
    // Adds bits to a path's record, or makes it. -> did anything change?
    [[nodiscard]] Result<bool> merge(std::string_view path, std::uint16_t bits);
    [[nodiscard]] Result<void> add_way(std::string_view path, std::uint16_t bits);
    [[nodiscard]] Result<std::span<const std::byte>> read(std::uint32_t offset, std::size_t length);
    [[nodiscard]] Result<void> write(std::uint32_t offset, std::span<const std::byte> data);
    // Makes room for so many bytes more, at the end.
    [[nodiscard]] Result<void> extend(std::size_t bytes);

    NameMemoryMaker& maker_;
    ipc::Capability<ipc::Bank> payer_;
    std::uint32_t buckets_;
    std::uint32_t used_ = 0;
    std::uint32_t capacity_ = 0;  // of outside_
    std::vector<std::byte> kept_;
    std::unique_ptr<NameMemory> outside_;
};

}  // namespace vfs
