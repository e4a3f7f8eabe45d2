// SPDX-License-Identifier: MIT
// SocketNames: the abstract names of local sockets (process::OpenSocketName).
//
// To the service they are nodes of a file system that has no root, so that who listens and who connects
// meet as at any named socket (libs/fs_server/listeners.hpp). A name is taken as long as the File that
// bound it is open; its node stays until nobody has a File of it, so who has just opened it to connect
// finds nobody there any more, not the next one of that name.
#pragma once

#include <compare>
#include <map>
#include <string>

#include "interfaces/process.hpp"
#include "libs/fs_server/service.hpp"
#include "servers/procmgr/model/process_table.hpp"
#include "servers/procmgr/unchanging_backend.hpp"

namespace procmgr {

class SocketNames final : public UnchangingBackend {
public:
    explicit SocketNames(fs_server::Service& service) : service_(service) {}

    // To bind, an empty name is replaced by one that is free.
    [[nodiscard]] Result<ipc::Capability<fs::File>> open(const Process& process,
                                                         const process::OpenSocketName& how,
                                                         std::string& name);

    Inode root() const override { return {}; }
    Result<fs::Attributes> attributes(Inode inode) override;
    Result<Inode> lookup(const fs_server::Place&) override { return nothing(); }
    Result<Inode> parent(Inode) override { return nothing(); }
    Result<void> list(Inode, std::uint64_t, fs_server::DirectorySink&) override { return {}; }
    Result<std::string_view> read_link(Inode, std::span<char>) override {
        return base::fail(Status::invalid);
    }
    Result<std::size_t> read(Inode, std::uint64_t, std::span<std::byte>) override {
        return std::size_t{0};
    }
    Result<fs_server::Usage> usage() override { return fs_server::Usage{}; }
    void hold(Inode inode) override { ++nodes_[inode.value()].holders; }
    void release(Inode inode) override;

private:
    static constexpr std::size_t most_of_container = 64;

    struct Key {
        std::uint32_t container = 0;
        std::uint32_t type = 0;
        std::string name;
        auto operator<=>(const Key&) const = default;
    };
    struct Node {
        std::uint32_t holders = 0;
        std::uint64_t binder = 0;  // the badge of its File
        fs::Identity owner;
        Key key;
    };
    static Result<Inode> nothing() { return base::fail(Status::not_found); }

    // The node of a name that somebody has bound; 0: nobody has.
    [[nodiscard]] std::uint64_t find(const Key& key);
    [[nodiscard]] std::size_t count_of(std::uint32_t container) const;
    [[nodiscard]] std::string choose(Key key);

    fs_server::Service& service_;
    std::map<Key, std::uint64_t> names_;
    std::map<std::uint64_t, Node> nodes_;
    std::uint64_t latest_ = 0;  // node
    std::uint32_t chosen_ = 0;  // the latest of those names
};

}  // namespace procmgr
