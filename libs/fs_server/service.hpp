// SPDX-License-Identifier: MIT
// Service: protocol `fs` over one or more back ends, for ipc::serve. It knows messages, badges,
// permissions, open file descriptions and locks; the back ends know files.
//
// Badges: see types.hpp. A root that `add_root` made ends with its drop message, but not before the
// last File of it is closed.
//
// A request's payload and the reply's are both in the thread's one message page. Paths are copied
// out before anything else happens, because a back end may send messages of its own (to a disk).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "interfaces/entrance.hpp"
#include "libs/fs_server/listeners.hpp"
#include "libs/fs_server/locks.hpp"
#include "libs/fs_server/named_pipes.hpp"
#include "libs/fs_server/open_files.hpp"
#include "libs/fs_server/walk.hpp"
#include "libs/fs_server/watchers.hpp"
#include "libs/ipc/request.hpp"
#include "libs/ipc/server.hpp"

namespace fs_server {

struct VersionsPage {
    ipc::Capability<ipc::Memory> memory;
    fs::Versions* at = nullptr;
};

// What a service needs of the process around it.
class Host : public Clock, public PipeMaker {
public:
    // Capabilities to this service's own endpoint, with a drop guard.
    [[nodiscard]] virtual Result<ipc::Capability<fs::File>> mint_file(std::uint64_t badge) = 0;
    [[nodiscard]] virtual Result<ipc::Capability<fs::Directory>> mint_root(std::uint64_t badge) = 0;
    // A page for the Versions of a file system, mapped here until it ends. unsupported: there are none.
    [[nodiscard]] virtual Result<VersionsPage> make_versions() {
        return base::fail(Status::unsupported);
    }
    virtual void release_versions(VersionsPage&) {}
    // A new file system (fs::MakeFileSystem); null: this server makes none.
    [[nodiscard]] virtual Result<std::unique_ptr<Backend>> make_file_system(
        const fs::MakeFileSystem& how, ipc::Capability<ipc::Any> along) = 0;

protected:
    ~Host() = default;
};

class Service {
public:
    using Protocol =
        ipc::Operations<fs::Open, fs::GetPathAttributes, fs::MakeNode, fs::Remove, fs::Rename,
                        fs::Link, fs::MakeSymbolicLink, fs::ReadSymbolicLink, fs::SetAttributes,
                        fs::CheckAccess, fs::GetUsage, fs::SyncAll, fs::MakeFileSystem, fs::Enter,
                        fs::Read, fs::Write, fs::Seek, fs::GetAttributes, fs::ReadDirectory,
                        fs::Truncate, fs::Sync, fs::Map, fs::Written, fs::Allocate,
                        fs::SetStatusFlags, fs::Poll, fs::Lock, fs::OpenPipe, fs::AwaitCloses,
                        fs::Listen, fs::Connect, fs::Accept, fs::Close, fs::Seal, fs::GetExtended,
                        fs::SetExtended, fs::ListExtended, fs::Watch, fs::ReadEvents>;

    explicit Service(Host& host) : host_(host) {}

    // -> the badge of its root: root_badge for the first, and so on.
    std::uint64_t add_root(std::unique_ptr<Backend> backend);

    // Operations on a Directory (service_paths.cpp, service_names.cpp).
    Result<fs::Open::Reply> handle(const fs::Open& asked, ipc::Request& request);
    Result<fs::GetPathAttributes::Reply> handle(fs::GetPathAttributes get, ipc::Request& request);
    Result<fs::CheckAccess::Reply> handle(fs::CheckAccess check, ipc::Request& request);
    Result<fs::ReadSymbolicLink::Reply> handle(const fs::ReadSymbolicLink& read,
                                               ipc::Request& request);
    Result<fs::MakeNode::Reply> handle(const fs::MakeNode& make, ipc::Request& request);
    Result<fs::MakeSymbolicLink::Reply> handle(const fs::MakeSymbolicLink& make,
                                               ipc::Request& request);
    Result<fs::Remove::Reply> handle(fs::Remove remove, ipc::Request& request);
    Result<fs::Link::Reply> handle(const fs::Link& link, ipc::Request& request);
    Result<fs::Rename::Reply> handle(const fs::Rename& rename, ipc::Request& request);
    Result<fs::SyncAll::Reply> handle(const fs::SyncAll& sync, ipc::Request& request);
    Result<fs::MakeFileSystem::Reply> handle(const fs::MakeFileSystem& make, ipc::Request& request);

    // On a Directory or a File.
    Result<fs::SetAttributes::Reply> handle(const fs::SetAttributes& set, ipc::Request& request);
    Result<fs::GetUsage::Reply> handle(const fs::GetUsage& get, ipc::Request& request);

    // On a File (service_files.cpp).
    Result<fs::Read::Reply> handle(const fs::Read& read, ipc::Request& request);
    Result<fs::Write::Reply> handle(const fs::Write& write, ipc::Request& request);
    Result<fs::Seek::Reply> handle(const fs::Seek& seek, ipc::Request& request);
    Result<fs::GetAttributes::Reply> handle(const fs::GetAttributes& get, ipc::Request& request);
    Result<fs::ReadDirectory::Reply> handle(const fs::ReadDirectory& read, ipc::Request& request);
    Result<fs::Truncate::Reply> handle(const fs::Truncate& truncate, ipc::Request& request);
    Result<fs::Sync::Reply> handle(const fs::Sync& sync, ipc::Request& request);
    Result<fs::Map::Reply> handle(const fs::Map& map, ipc::Request& request);
    Result<fs::Written::Reply> handle(const fs::Written& written, ipc::Request& request);
    Result<fs::Allocate::Reply> handle(const fs::Allocate& allocate, ipc::Request& request);
    Result<fs::SetStatusFlags::Reply> handle(const fs::SetStatusFlags& set, ipc::Request& request);
    Result<fs::Poll::Reply> handle(const fs::Poll& poll, ipc::Request& request);
    Result<fs::Lock::Reply> handle(const fs::Lock& lock, ipc::Request& request);
    Result<fs::OpenPipe::Reply> handle(const fs::OpenPipe& open, ipc::Request& request);
    Result<fs::Close::Reply> handle(const fs::Close&, ipc::Request& request);
    // Drop messages come before all others, so those that were sent before this are handled.
    Result<fs::AwaitCloses::Reply> handle(const fs::AwaitCloses&, ipc::Request&) {
        return fs::AwaitCloses::Reply{};
    }
    Result<fs::Listen::Reply> handle(const fs::Listen& listen, ipc::Request& request);
    Result<fs::Connect::Reply> handle(const fs::Connect& connect, ipc::Request& request);
    Result<fs::Accept::Reply> handle(const fs::Accept& accept, ipc::Request& request);

    // service_extended.cpp
    Result<fs::Seal::Reply> handle(const fs::Seal& seal, ipc::Request& request);
    Result<fs::GetExtended::Reply> handle(const fs::GetExtended&, ipc::Request& request);
    Result<fs::SetExtended::Reply> handle(const fs::SetExtended& set, ipc::Request& request);
    Result<fs::ListExtended::Reply> handle(const fs::ListExtended&, ipc::Request& request);

    // service_watch.cpp
    Result<fs::Watch::Reply> handle(const fs::Watch& watch, ipc::Request& request);
    Result<fs::ReadEvents::Reply> handle(const fs::ReadEvents&, ipc::Request& request);

    Result<fs::Enter::Reply> handle(const fs::Enter& enter, ipc::Request& request);

    void on_drop(std::uint64_t badge);

    // A File of a node that no path leads to, for a server that has other ways to it; and whether that one
    // is still open.
    struct OpenedNode {
        std::uint64_t badge = 0;
        ipc::Capability<fs::File> file;
    };
    [[nodiscard]] Result<OpenedNode> open_node(const OpenFile& file);
    [[nodiscard]] bool is_open(std::uint64_t badge, const Watched& what);

private:
    struct Root {
        std::unique_ptr<Backend> backend;
        bool dropped = false;
        VersionsPage versions;  // from the first entrance on
    };
    // interfaces/entrance.hpp
    struct Entrance {
        std::uint64_t number = 0;  // never that of another one
        Backend* backend = nullptr;
        fs::Identity who;
        bool read_only = false;
        std::string start;
    };
    struct Opening : fs::Open {
        std::uint64_t entrance = 0;  // its number; 0: through a root
    };
    struct WaitingLock {
        FileLock lock;
        ipc::PendingReply reply;
    };

    // What vfs asks comes through a root: it says for whom, and gets to know where links lead.
    [[nodiscard]] Result<Backend*> root_of(const ipc::Request& request);
    // The entrance that a request came through, if it did.
    [[nodiscard]] const Entrance* entrance_of(const ipc::Request& request) const;
    [[nodiscard]] Result<OpenFile*> file_of(const ipc::Request& request);
    // For who gets an entrance; none if there are no Versions.
    [[nodiscard]] ipc::Capability<ipc::Memory> versions_of(Root& root);
    // Copies the payload's part from `skip` on.
    std::string_view keep_path(const ipc::Request& request, std::size_t skip = 0);
    // The same, and for a request through an entrance puts the entrance's start before it, and its
    // identity into the operation.
    template <class Op>
    std::string_view admit(Op& operation, const ipc::Request& request, const Entrance* from);
    // Walks the request's path and, if it leads somewhere here, goes on with `act(backend, walk)`.
    template <class Op, class Act>
    Result<typename Op::Reply> with_path(ipc::Request& request, std::string_view path,
                                         fs::Identity who, Last last, Act act,
                                         const Entrance* from = nullptr);
    [[nodiscard]] Result<fs::Open::Reply> open_existing(Backend& backend, const Walk& at,
                                                        const Opening& opening);
    [[nodiscard]] Result<fs::Open::Reply> open_nameless(Backend& backend, Inode directory,
                                                        const Opening& opening);
    [[nodiscard]] Result<fs::Open::Reply> describe(Backend& backend, const Place& place,
                                                   Inode inode, const fs::Attributes& attributes,
                                                   const Opening& opening);
    // -> what those who watch the file hear (fs::Event).
    [[nodiscard]] Result<std::uint32_t> change(Backend& backend, Inode inode, fs::Identity who,
                                               std::uint32_t which, fs::Attributes values);
    // What those hear who watch (service_watch.cpp). To be called only if there are any.
    [[nodiscard]] static std::string_view name_of(OpenFile& file);
    [[nodiscard]] bool is_named_to_others(const OpenFile& file) const;
    void tell_of_file(OpenFile& file, std::uint32_t mask);
    void tell_of_node(Backend& backend, const Walk& at, std::uint32_t mask);
    void tell_of_new(Backend& backend, const Walk& at, fs::Kind kind);
    void tell_of_loss(Backend& backend, const Watched& lost, fs::Kind kind);
    void tell_of_removal(Backend& backend, const Walk& at);
    void tell_of_move(Backend& backend, const Walk& from, const Walk& to);
    void tell_of_close(std::uint64_t badge);
    // Something was done with an open file; or to it, which those hear too who do not hear of this File.
    void note(OpenFile& file, std::uint32_t mask) {
        if (watchers_.any() && file.is_heard()) {
            tell_of_file(file, mask);
        }
    }
    void note_change(OpenFile& file, std::uint32_t mask) {
        if (watchers_.any()) {
            tell_of_file(file, mask);
        }
    }
    [[nodiscard]] Result<void> check_rename(Backend& backend, const Walk& from, const Walk& to,
                                            const fs::Rename& rename);
    // All but the description's place in the table.
    void end_description(std::uint64_t badge);
    void retry_locks(const LockedFile& file);
    void end_locks(std::uint64_t badge);
    void end_waits(const FileLock& lock);
    Result<fs::Lock::Reply> wait_for(const FileLock& lock, ipc::Request& request);
    void sweep_roots();

    Host& host_;
    std::vector<Root> roots_;
    std::vector<std::unique_ptr<Entrance>> entrances_;  // by badge - entrance_badge
    std::uint64_t entrances_made_ = 0;
    OpenFiles files_;
    Locks locks_;
    NamedPipes pipes_;
    Listeners listeners_;
    Watchers watchers_{host_};
    std::uint32_t moves_told_ = 0;
    static constexpr std::size_t most_waiting = 64;          // through one description
    std::map<LockedFile, std::deque<WaitingLock>> waiting_;  // for a lock
    bool some_dropped_ = false;                              // of the roots, and not yet ended
    // The start of an entrance and the path of a message, or a message's two.
    std::unique_ptr<char[]> path_ = std::make_unique_for_overwrite<char[]>(2 * abi::message_bytes);
    ipc::Capability<fs::File> opened_;  // from describe to the reply
};

}  // namespace fs_server
