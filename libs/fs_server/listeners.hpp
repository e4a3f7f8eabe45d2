// SPDX-License-Identifier: MIT
//
// Local sockets with names that are listening. As with named pipes, the server only brings the two
// sides together: who connects makes the connection (linux/fd/pipe.hpp) and hands the capabilities of
// one end over; they wait here until the listener accepts. Those for which the backlog has no room wait
// with their makers, if these want to. If the listener's File ends, so do the connections that it has
// not accepted: their makers see that the other end is gone.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <utility>

#include "libs/fs_server/backend.hpp"
#include "libs/fs_server/pollers.hpp"
#include "libs/ipc/request.hpp"

namespace fs_server {

class Listeners {
public:
    struct Name {
        Backend* backend = nullptr;
        Inode inode;
    };
    // busy: somebody listens there already.
    [[nodiscard]] Result<void> listen(const Name& name, std::uint64_t badge, fs::Identity who,
                                      const fs::Listen& how);
    // closed: nobody listens; wrong_type; would_block: too many wait already.
    [[nodiscard]] Result<fs::Connect::Reply> connect(const Name& name, fs::Identity who,
                                                     const fs::Connect& how, ipc::Request& request);
    // invalid: the File does not listen.
    [[nodiscard]] Result<fs::Accept::Reply> accept(std::uint64_t badge, const fs::Accept& how,
                                                   ipc::Request& request);
    [[nodiscard]] bool is_listening(std::uint64_t badge) const { return names_.contains(badge); }
    [[nodiscard]] fs::Poll::Reply poll(std::uint64_t badge, const fs::Poll& poll,
                                       ipc::Request& request);
    void close(std::uint64_t badge);

private:
    using Key = std::pair<Backend*, std::uint64_t>;
    static constexpr std::size_t parts = fs::Connect::capabilities;
    struct Connection {
        std::array<ipc::Capability<ipc::Any>, parts> capabilities;
        fs::Accept::Reply from;
    };
    struct Connecting {
        Connection connection;
        ipc::PendingReply reply;
    };
    struct Listener {
        std::uint64_t badge = 0;
        std::size_t backlog = 1;
        std::uint32_t type = 0;
        fs::Connect::Reply about;
        std::deque<Connection> connections;
        std::deque<Connecting> connecting;  // only while there is no room in `connections`
        std::deque<ipc::PendingReply> accepting;
        Pollers pollers;
    };
    static constexpr std::size_t most_waiting = 128;

    [[nodiscard]] static Key key_of(const Name& name) { return {name.backend, name.inode.value()}; }
    [[nodiscard]] Listener* find(std::uint64_t badge);
    // To somebody who waits in accept; false: nobody does any more.
    static bool hand_over(Listener& listener, Connection& connection);
    static void keep(Listener& listener, Connection connection);
    // Those that wait for room, as far as there is some.
    static void let_in(Listener& listener);

    std::map<Key, Listener> listeners_;
    std::map<std::uint64_t, Key> names_;  // by the badge of the listening File
};

}  // namespace fs_server
