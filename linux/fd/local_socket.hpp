// SPDX-License-Identifier: MIT
//
// Local sockets with names, of streams or sequenced packets:
//
//      fresh --bind--> bound --listen--> listening --accept--> (connected ends, one for each)
//        |               |
//        +---connect-----+--> connected: a PipeEnd, to which everything is passed on
//
// Names: named_socket.hpp.
//
// Lock: guards the change from one state to another. A PipeEnd, once there, stays.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "linux/fd/description.hpp"
#include "linux/fd/location.hpp"
#include "linux/fd/pipe.hpp"
#include "linux/process/mutex.hpp"

namespace linux::fd {

class LocalSocket final : public Description {
public:
    LocalSocket(std::uint32_t status, Framing framing)
        : Description(status | OpenFlag::read_write), framing_(framing) {}
    static Result<Handle> adopt(const process::ImageDescriptor& from);

    // Paths stand at the start of the message page; `name` is how the program called it.
    Result<void> bind(Path path, std::string_view name);
    Result<void> listen(std::uint32_t backlog);
    std::int64_t connect(Path path, std::string_view name);
    // -> a connected end; `restart_errno`.
    Result<Handle> accept(std::uint32_t status);
    [[nodiscard]] bool is_listening() const { return listening_.load(); }
    [[nodiscard]] Framing framing() const { return framing_; }
    [[nodiscard]] std::string name();

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    std::int64_t write(UserBuffer& buffer, Offset offset) override;
    std::int64_t ioctl(std::uint32_t request, std::uint64_t argument) override;
    std::uint32_t current_status() override;
    Result<void> change_status(std::uint32_t mask, std::uint32_t value) override;
    Result<fs::Attributes> attributes() override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    std::uint32_t poll_news(std::uint32_t events, WakeTarget target, Arrivals& seen) override;
    std::optional<Arrivals> arrivals() override;
    void end_poll(WakeTarget target) override;
    [[nodiscard]] fs::Kind kind() const override { return fs::Kind::socket; }
    [[nodiscard]] PipeEnd* socket() override { return end_.load(); }
    [[nodiscard]] LocalSocket* local_socket() override { return this; }
    bool describe(process::ImageDescriptor& to) const override;
    void share() override;
    void on_fork_child() override;
    ~LocalSocket() override;

protected:
    void lock_for_fork() override __attribute__((acquire_capability(lock_))) { lock_.lock(); }
    void unlock_after_fork() override __attribute__((release_capability(lock_))) { lock_.unlock(); }

private:
    Result<Handle> accept_within(ipc::Ref<fs::File> file, Patience patience);
    std::uint32_t poll_unconnected(std::uint32_t events, WakeTarget target, Arrivals* seen);

    const Framing framing_;
    Mutex lock_;
    ipc::Capability<fs::File> file_ __attribute__((guarded_by(lock_)));  // of the name
    std::string name_ __attribute__((guarded_by(lock_)));
    std::atomic<bool> listening_ = false;
    std::atomic<PipeEnd*> end_ = nullptr;  // one reference
};

}  // namespace linux::fd
