// SPDX-License-Identifier: MIT
//
// Local sockets for datagrams that are not a pair. Who sends to a name makes a socket pair of its own with
// whoever has that name (named_socket.hpp), and goes on using it; so senders cannot see or change what others
// send, and descriptors and the identity of the sender come along as in any connection.
//
//      sender: ways  ==pair==> sources :receiver          one pair for each sender and name
//
// Packets of several senders are received in the order in which they were sent: each has the time on it.
// What a sender writes there about itself can only put its own packets in a wrong place.
//
// After fork and exec every holder has the name, and the connections that were there; one that comes later
// belongs to the process that receives next. Lock: guards all that is below.
#pragma once

#include <string>
#include <vector>

#include "linux/fd/description.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/pipe.hpp"
#include "linux/process/mutex.hpp"

namespace linux::fd {

class DatagramSocket final : public Description {
public:
    explicit DatagramSocket(std::uint32_t status) : Description(status | OpenFlag::read_write) {}
    static Result<Handle> adopt(const process::ImageDescriptor& from);

    // Paths stand at the start of the message page; `name` is how the program called it.
    Result<void> bind(Path path, std::string_view name);
    Result<void> connect(Path path, std::string_view name);
    void disconnect();
    // The end to send by. ECONNREFUSED, ENOTCONN.
    Result<Handle> way_to(Path path, std::string_view name);
    Result<Handle> default_way();
    std::int64_t receive(UserBuffer& buffer, PipeEnd::Options options,
                         PipeEnd::Received* received = nullptr);
    [[nodiscard]] std::string name();
    Result<std::string> peer_name();  // ENOTCONN

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    std::int64_t write(UserBuffer& buffer, Offset offset) override;
    Result<fs::Attributes> attributes() override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    [[nodiscard]] std::optional<Arrivals> arrivals() override;
    void end_poll(WakeTarget target) override;
    [[nodiscard]] fs::Kind kind() const override { return fs::Kind::socket; }
    [[nodiscard]] DatagramSocket* datagram_socket() override { return this; }
    bool describe(process::ImageDescriptor& to) const override;
    void share() override;
    void on_fork_child() override;

protected:
    void lock_for_fork() override __attribute__((acquire_capability(lock_))) { lock_.lock(); }
    void unlock_after_fork() override __attribute__((release_capability(lock_))) { lock_.unlock(); }

private:
    struct Way {
        std::string path;
        Handle end;
    };
    struct Asked {  // by `poll`, until `end_poll`
        WakeTarget target;
        std::vector<Handle> sources;
    };
    static constexpr std::size_t most_ways = 8;

    Result<Handle> find_way(const std::string& path, std::string_view name)
        __attribute__((requires_capability(lock_)));
    Handle ready_to_send(Handle way);
    void admit() __attribute__((requires_capability(lock_)));
    PipeEnd* oldest() __attribute__((requires_capability(lock_)));

    Mutex lock_;
    ipc::Capability<fs::File> file_ __attribute__((guarded_by(lock_)));  // of the name
    std::string name_ __attribute__((guarded_by(lock_)));
    std::vector<Way> ways_ __attribute__((guarded_by(lock_)));  // the latest one last
    Way connected_ __attribute__((guarded_by(lock_)));
    std::string peer_name_ __attribute__((guarded_by(lock_)));
    std::vector<Handle> sources_ __attribute__((guarded_by(lock_)));
    std::uint64_t arrived_ __attribute__((guarded_by(lock_))) = 0;  // by those who have gone
    std::vector<Asked> asked_ __attribute__((guarded_by(lock_)));
};

}  // namespace linux::fd
