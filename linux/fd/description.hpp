// SPDX-License-Identifier: MIT
//
// An open file description as this process holds it: what several descriptors (dup, fork) may point
// to. Each kind of thing that can be open is a class of its own; this is what all have in common,
// with the answers that Linux gives where a kind has no such operation.
//
//      descriptor ---> slot ---> Description ---> capability ---> server, or shared memory
//      (number)        (table.hpp)   (this file)
//
// Life: counted references, one for each slot and one for each call that is busy with it, so that
// close in one thread does not pull it away under another. fork copies the objects with the process;
// the capabilities have the same slots there.
//
// What POSIX wants shared between processes (the offset, the flags that F_SETFL changes) lives in the
// server, or in the memory that the kind shares (`share_flags`). A signalfd's flags alone are each
// process's own.
//
// read, write and ioctl return what goes into rax: a count, -errno, or `restart`.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "abi/linux/file.hpp"
#include "interfaces/fs.hpp"
#include "interfaces/process_image.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "linux/fd/patience.hpp"
#include "linux/fd/user_buffer.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux::fd {

using linux_abi::OpenFlag;
using Offset = std::uint64_t;
using fs::current_offset;

// Whom to wake when something becomes ready (linux/fd/waiter.hpp).
using WakeTarget = ipc::Ref<ipc::Notification>;

// What has come to something that can be waited for: numbers that differ after something to read has
// come, or room to write; an end is both.
struct Arrivals {
    std::uint64_t input = 0, output = 0;
    // Does what has come concern who waits for `events`?
    [[nodiscard]] bool are_news(std::uint32_t events, const Arrivals& seen) const {
        return (events != fs::Poll::writable && input != seen.input) ||
               ((events & fs::Poll::writable) != 0 && output != seen.output);
    }
};

class DatagramSocket;
class Epoll;
class LocalSocket;
class MessageQueue;
class OwnDirectory;
class PipeEnd;
class ProcessHandle;
class SignalQueue;
class TimerCount;
class WatchList;

class Description {
public:
    explicit Description(std::uint32_t status);
    Description(const Description&) = delete;
    Description& operator=(const Description&) = delete;
    virtual ~Description() = default;

    void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
    void release() {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            delete this;
        }
    }

    // Never that of another description, of this process at any time.
    [[nodiscard]] std::uint64_t id() const { return id_; }

    // What /proc/PID/fd tells of it: complete when a descriptor has it (`write_card`).
    [[nodiscard]] const process::DescriptorCard& card() const { return card_; }
    void write_card() { card_.kind = static_cast<std::uint8_t>(kind()); }
    static std::uint32_t card_offset();

    // O_ACCMODE, O_APPEND, O_NONBLOCK, ...: what F_GETFL shows. Of what a server keeps, only what this
    // process knows; `current_status` asks.
    [[nodiscard]] std::uint32_t status() const {
        return fixed_ | (flags_.load(std::memory_order_relaxed)->load(std::memory_order_relaxed) &
                         OpenFlag::changeable);
    }
    [[nodiscard]] virtual std::uint32_t current_status() { return status(); }
    // F_SETFL, for those of OpenFlag::changeable that are in the mask.
    virtual Result<void> change_status(std::uint32_t mask, std::uint32_t value);
    // Who would have to wait asks this.
    [[nodiscard]] bool non_blocking() { return (current_status() & OpenFlag::non_block) != 0; }
    [[nodiscard]] bool path_only() const { return (fixed_ & OpenFlag::path) != 0; }
    [[nodiscard]] bool readable() const {
        return !path_only() && (fixed_ & OpenFlag::access_mode) != OpenFlag::write_only;
    }
    [[nodiscard]] bool writable() const {
        return !path_only() && (fixed_ & OpenFlag::access_mode) != OpenFlag::read_only;
    }

    // The caller has checked that the description is open for it.
    virtual std::int64_t read(UserBuffer& buffer, Offset offset);
    virtual std::int64_t write(UserBuffer& buffer, Offset offset);
    // At the end of the file, whatever the flags say; `moves`: the offset is there then.
    virtual std::int64_t append(UserBuffer& buffer, bool moves);
    virtual Result<std::uint64_t> seek(std::int64_t offset, std::uint32_t whence);
    virtual Result<fs::Attributes> attributes() = 0;
    virtual Result<void> set_attributes(std::uint32_t which, const fs::Attributes& to);
    virtual Result<void> truncate(std::uint64_t size);
    virtual Result<void> allocate(const fs::Allocate& how);
    virtual Result<void> sync(bool data_only);
    virtual std::int64_t ioctl(std::uint32_t request, std::uint64_t argument);

    // Which of fs::Poll's `events` hold? If none, and there is a target, it is signalled (bit 0)
    // when one may.
    virtual std::uint32_t poll(std::uint32_t events, WakeTarget target) = 0;
    // The waiting that `poll` with a target began is over.
    virtual void end_poll(WakeTarget target);
    // The same for who wants to be told once of each arrival: nothing holds unless something has come that
    // `seen` does not know, which then knows it. {0, 0}: it knows nothing.
    virtual std::uint32_t poll_news(std::uint32_t events, WakeTarget target, Arrivals& seen);
    // Counted after what came can be had. Nothing: not known, what holds is always news.
    [[nodiscard]] virtual std::optional<Arrivals> arrivals() { return std::nullopt; }
    // It never keeps anybody waiting (files, directories): no epoll takes it.
    [[nodiscard]] virtual bool is_always_ready() const { return false; }
    // Until `poll` may say that it can be read; 0, or what the call that waits gives: `restart` after a signal, -EAGAIN
    // when its time is over.
    std::int64_t wait_readable(Patience patience = {});
    // When, at the latest, who polls must look again although nobody wakes him.
    [[nodiscard]] virtual std::uint64_t next_event() { return ipc::no_deadline; }
    // Likewise of who waits by `poll_news`.
    [[nodiscard]] virtual std::uint64_t next_arrival(const Arrivals& /*seen*/) {
        return next_event();
    }

    // SO_PASSCRED, SO_RCVTIMEO and SO_SNDTIMEO (nanoseconds, or `no_limit`); sockets only. Another image and who is
    // passed the socket know the times to a millisecond.
    struct SocketOptions {
        std::atomic<bool> credentials = false;
        std::atomic<std::uint64_t> receive_limit = no_limit, send_limit = no_limit;
        void copy(const SocketOptions& from);
        void describe(process::ImageDescriptor& to) const;  // in state[4] and state[5]
        void adopt(const process::ImageDescriptor& from);
    };
    [[nodiscard]] SocketOptions& socket_options() { return socket_options_; }
    [[nodiscard]] const SocketOptions& socket_options() const { return socket_options_; }

    // The file on a server, if it is one.
    [[nodiscard]] virtual ipc::Ref<fs::File> file() const { return {}; }
    [[nodiscard]] virtual fs::Kind kind() const { return fs::Kind::none; }
    // A directory's tidy absolute path; empty: not a directory, or unknown.
    [[nodiscard]] virtual std::string_view directory_path() const { return {}; }
    [[nodiscard]] virtual bool is_terminal() const { return false; }
    [[nodiscard]] virtual bool is_zero_device() const { return false; }
    [[nodiscard]] virtual bool is_framebuffer() const { return false; }
    // There is no run-time type information: the kinds that have calls of their own.
    [[nodiscard]] virtual Epoll* event_list() { return nullptr; }
    [[nodiscard]] virtual PipeEnd* socket() { return nullptr; }
    [[nodiscard]] virtual PipeEnd* pipe() { return nullptr; }  // with or without a name
    [[nodiscard]] virtual LocalSocket* local_socket() { return nullptr; }
    [[nodiscard]] virtual DatagramSocket* datagram_socket() { return nullptr; }
    [[nodiscard]] virtual OwnDirectory* own_directory() { return nullptr; }
    [[nodiscard]] virtual TimerCount* timer() { return nullptr; }
    [[nodiscard]] virtual SignalQueue* signal_queue() { return nullptr; }
    [[nodiscard]] virtual ProcessHandle* process_handle() { return nullptr; }
    [[nodiscard]] virtual WatchList* watch_list() { return nullptr; }
    [[nodiscard]] virtual MessageQueue* message_queue() { return nullptr; }

    // For another image; false: it cannot go there.
    virtual bool describe(process::ImageDescriptor& to) const = 0;
    // From now on other processes may use it too (fork, another image).
    virtual void share() {}
    virtual void on_fork_child() {}  // once for each descriptor

    // fork copies locks as they are, so they are held meanwhile; once, however many descriptors
    // there are. Under the table's lock.
    void enter_fork() {
        if (fork_count_++ == 0) {
            lock_for_fork();
        }
    }
    void leave_fork() {
        if (--fork_count_ == 0) {
            unlock_after_fork();
        }
    }

protected:
    virtual void lock_for_fork() {}
    virtual void unlock_after_fork() {}

    // The changeable flags, in a word that lives as long as this description.
    using Flags = std::atomic<std::uint32_t>;
    void share_flags(Flags& shared) { flags_.store(&shared, std::memory_order_relaxed); }
    void set_flags(std::uint32_t mask, std::uint32_t value);

    // The path must stay where it is for as long as this object lives.
    void show_path(std::string_view path) {
        card_.path_at = reinterpret_cast<std::uintptr_t>(path.data());
        card_.path_bytes = static_cast<std::uint32_t>(path.size());
    }
    void show_number(std::uint64_t number) { card_.number = number; }

private:
    std::uint32_t fork_count_ = 0;
    std::atomic<std::uint32_t> references_{1};
    const std::uint32_t fixed_;
    Flags own_flags_;
    std::atomic<Flags*> flags_{&own_flags_};
    SocketOptions socket_options_;
    std::uint64_t id_;
    process::DescriptorCard card_;
};

// Of a description that no server knows: owned by this process.
fs::Attributes own_attributes(fs::Kind kind, std::uint32_t mode, std::uint64_t inode);

// A counted reference.
class Handle {
public:
    Handle() = default;
    // Takes over the reference that the caller has.
    explicit Handle(Description* description) : description_(description) {}
    Handle(Handle&& other) noexcept : description_(std::exchange(other.description_, nullptr)) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(description_, other.description_);
        return *this;
    }
    ~Handle() {
        if (description_ != nullptr) {
            description_->release();
        }
    }
    static Handle share(Description* description) {
        description->retain();
        return Handle{description};
    }

    Description* operator->() const { return description_; }
    Description& operator*() const { return *description_; }
    explicit operator bool() const { return description_ != nullptr; }
    [[nodiscard]] Description* get() const { return description_; }
    [[nodiscard]] Description* release() { return std::exchange(description_, nullptr); }

private:
    Description* description_ = nullptr;
};

}  // namespace linux::fd
