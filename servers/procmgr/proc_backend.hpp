// SPDX-License-Identifier: MIT
// /proc: a file system (libs/fs_server) whose files are made when they are read.
//
// An inode number says what it is: which of several << 32 | process << 8 | kind of file; process 0
// stands for the system as a whole. There are several of a process's threads and descriptors. Each container that sees only its own processes has a root of its own, and a back end that knows no others.
// A file's text is made anew by a read at offset 0, and kept for the reads that follow while
// the file is open, so that a reader sees one moment. `/proc/self` is the Linux library's to resolve:
// only it knows who asks.
//
// What only the process knows is read from its memory (process_book.hpp), and told to its own user and to user 0.
#pragma once

#include <map>

#include "libs/fs_server/service.hpp"
#include "servers/procmgr/manager.hpp"
#include "servers/procmgr/model/proc_text.hpp"
#include "servers/procmgr/process_book.hpp"
#include "servers/procmgr/unchanging_backend.hpp"

namespace procmgr {

class ProcBackend final : public UnchangingBackend {
public:
    // Shows the processes that this container sees; 0: all.
    ProcBackend(Manager& manager, std::uint32_t container)
        : manager_(manager), container_(container) {}

    Inode root() const override;
    Result<fs::Attributes> attributes(Inode inode) override;
    Result<Inode> lookup(const fs_server::Place& place) override;
    Result<Inode> parent(Inode directory) override;
    Result<void> list(Inode directory, std::uint64_t cursor,
                      fs_server::DirectorySink& sink) override;
    bool may_follow(Inode link, fs::Identity who) override;
    Result<std::string_view> read_link(Inode inode, std::span<char> buffer) override;
    Result<std::size_t> read(Inode inode, std::uint64_t offset,
                             std::span<std::byte> buffer) override;
    Result<fs_server::Usage> usage() override;
    void hold(Inode inode) override { ++held_[inode.value()].holders; }
    void release(Inode inode) override;

private:
    struct Held {
        std::uint32_t holders = 0;
        std::string text;
    };

    // The process, if it is seen here.
    [[nodiscard]] const Process* find(Pid pid);
    [[nodiscard]] std::string authority_of(const Process& process);
    [[nodiscard]] std::optional<ProcessBook> book_of(Pid pid);
    [[nodiscard]] std::string link_target(Inode link);
    Result<void> list_descriptors(Inode directory, std::uint64_t cursor,
                                  fs_server::DirectorySink& sink);
    Result<void> list_threads(Inode directory, std::uint64_t cursor,
                              fs_server::DirectorySink& sink);
    [[nodiscard]] std::string text_of(Inode inode);
    [[nodiscard]] std::string process_text(Inode inode);
    // `thread`: 0 or the id of one of its threads.
    [[nodiscard]] ProcessFacts facts_of(const Process& process, std::uint32_t thread);
    void add_thread_facts(ProcessFacts& facts, std::uint32_t thread);
    [[nodiscard]] SystemFacts system_facts();
    [[nodiscard]] std::vector<MapLine> maps_of(Pid pid);
    [[nodiscard]] std::uint64_t virtual_bytes_of(Pid pid);

    Manager& manager_;
    std::uint32_t container_;
    std::map<std::uint64_t, Held> held_;
};

class ProcHost final : public fs_server::Host {
public:
    explicit ProcHost(ipc::Ref<ipc::Endpoint> endpoint) : endpoint_(endpoint) {}
    fs::Timestamp now() const override;
    fs_server::Result<ipc::Capability<fs::File>> mint_file(std::uint64_t badge) override;
    fs_server::Result<ipc::Capability<fs::Directory>> mint_root(std::uint64_t badge) override;
    fs_server::Result<std::unique_ptr<fs_server::Backend>> make_file_system(
        const fs::MakeFileSystem&, ipc::Capability<ipc::Any>) override {
        return base::fail(Status::unsupported);
    }
    fs_server::Result<fs_server::PipeObjects> make_pipe() override {
        return base::fail(Status::unsupported);
    }
    void publish(const fs_server::PipeObjects&, const fs::OpenPipe::Ends&) override {}

private:
    ipc::Ref<ipc::Endpoint> endpoint_;
};

}  // namespace procmgr
