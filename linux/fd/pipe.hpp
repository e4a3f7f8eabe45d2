// SPDX-License-Identifier: MIT
//
// Pipes and socket pairs: no server is in between. Both ends share one or two PipeRings in a Memory
// that the container pays for, and two notifications, one for each end to sleep on:
//
//      pipe      writer ==ring 0==> reader         first ==ring 0==> second      socket pair
//                                                        <==ring 1==
//
// An end holds the Memory, its own notification, the right to signal the other's, and the other's
// *guard*: a minted, drop-guarded capability that is there only to disappear. fork and exec copy all
// of them. The ends of a socket pair also share a table, for descriptors that are passed on (parcel.hpp).
// When the last copy of a guard is gone, by close or by death, the kernel sets `gone_bit` in
// the other end's notification: end of file for whoever reads there, EPIPE for whoever writes.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "linux/fd/description.hpp"
#include "linux/fd/parcel.hpp"
#include "linux/fd/pipe_ring.hpp"
#include "linux/fd/waiter.hpp"

namespace linux::fd {

enum class Side : std::uint8_t {
    reader,
    writer,
    first,
    second,
    // of a named pipe (fifo.hpp): they all sleep on one notification
    named_reader,
    named_writer,
    named_both,
};

// How what is written comes apart when it is read. The values of sockets are those of their types.
enum class Framing : std::uint32_t {
    stream = 0,
    pipe_packets = 1,  // O_DIRECT: a packet for each page
    datagrams = 2,
    sequenced = 5,  // packets in a connection: its end is an end of file
};

constexpr bool is_socket(Side side) { return side == Side::first || side == Side::second; }

// The rings as this process maps them; shared by the ends that it holds.
class PipeMapping {
public:
    static Result<PipeMapping*> create(ipc::Capability<ipc::Memory> memory, std::uint64_t bytes);
    void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
    void release();

    [[nodiscard]] PipeRing ring(std::size_t index) const {
        return PipeRing{reinterpret_cast<std::byte*>(address_ + index * PipeRing::memory_bytes)};
    }
    [[nodiscard]] ipc::CapIndex memory() const { return memory_.index(); }

private:
    PipeMapping(ipc::Capability<ipc::Memory> memory, std::uint64_t address)
        : memory_(std::move(memory)), address_(address) {}

    std::atomic<std::uint32_t> references_{1};
    ipc::Capability<ipc::Memory> memory_;
    std::uint64_t address_;
};

struct PipeCapabilities {
    ipc::Capability<ipc::Notification> own;    // to sleep on
    ipc::Capability<ipc::Notification> other;  // to signal
    ipc::Capability<ipc::Notification> guard;  // of `other`
    ipc::Capability<ipc::CapTable> shelf;      // sockets only
};

class PipeEnd : public Description {
public:
    // Takes over one reference to the mapping.
    PipeEnd(Side side, std::uint32_t status, PipeMapping* mapping, PipeCapabilities capabilities);
    // `partner`: the other end, if the record names the same slot for the memory of both.
    static Result<Handle> adopt(const process::ImageDescriptor& from, const PipeEnd* partner);
    ~PipeEnd() override;

    std::int64_t read(UserBuffer& buffer, Offset offset) override;
    std::int64_t write(UserBuffer& buffer, Offset offset) override;
    Result<fs::Attributes> attributes() override;
    std::int64_t ioctl(std::uint32_t request, std::uint64_t argument) override;
    std::uint32_t poll(std::uint32_t events, WakeTarget target) override;
    void end_poll(WakeTarget target) override { queue_.leave(target); }
    [[nodiscard]] std::optional<Arrivals> arrivals() override;
    [[nodiscard]] fs::Kind kind() const override {
        return is_socket(side_) ? fs::Kind::socket : fs::Kind::fifo;
    }
    [[nodiscard]] PipeEnd* socket() override { return is_socket(side_) ? this : nullptr; }
    [[nodiscard]] PipeEnd* pipe() override { return is_socket(side_) ? nullptr : this; }
    bool describe(process::ImageDescriptor& to) const override;
    void share() override { queue_.expect_twins(); }
    void on_fork_child() override { queue_.on_fork_child(); }

    // Who was at the other end when it was made (SO_PEERCRED).
    struct Peer {
        std::uint32_t pid = 0, user = 0, group = 0;
    };
    [[nodiscard]] Peer peer() const { return peer_; }
    void set_peer(const Peer& peer) { peer_ = peer; }
    // Sockets: how recv and send want it this once.
    struct Options {
        bool no_wait = false;
        bool keep = false;       // MSG_PEEK
        bool no_signal = false;  // MSG_NOSIGNAL
        bool tell_all = false;   // MSG_TRUNC: what of a packet does not fit is counted too
    };
    // What came beside the bytes.
    struct Received {
        bool truncated = false;  // there was more in the packet
        Parcel parcel;
        Peer peer;         // who sent it
        std::string name;  // ... and its name, of packets
    };
    // A stream's bytes end behind those that a parcel came with.
    std::int64_t receive(UserBuffer& buffer, Options options, Received* received = nullptr);
    // A parcel goes with the first byte, or with the packet; if that is not sent, it stays with the
    // caller. ETOOMANYREFS.
    std::int64_t send(UserBuffer& buffer, Options options, Parcel* parcel = nullptr);
    void shut_down(bool reading, bool writing);
    [[nodiscard]] Framing framing() const { return framing_; }
    // What the two sides are called, as they say themselves.
    void set_names(std::string_view own, std::string_view peer);
    [[nodiscard]] std::string name() const { return name_of(side_ == Side::first ? 0 : 1); }
    [[nodiscard]] std::string peer_name() const { return name_of(side_ == Side::first ? 1 : 0); }
    // Nobody is left on the other side, and there is nothing more to read.
    [[nodiscard]] bool is_abandoned() { return queue_.has(gone_bit) && in_->empty(); }
    [[nodiscard]] std::optional<std::uint64_t> next_stamp() { return in_->next_stamp(); }

protected:
    // Is nobody left on the other side? Once true, always true (but of named pipes).
    [[nodiscard]] virtual bool writers_gone() { return queue_.has(gone_bit); }
    [[nodiscard]] virtual bool readers_gone() { return queue_.has(gone_bit); }
    [[nodiscard]] virtual std::uint32_t ready_events();

    [[nodiscard]] const PipeMapping& mapping() const { return *mapping_; }
    [[nodiscard]] ipc::CapIndex source() const { return queue_.source(); }
    [[nodiscard]] Side side() const { return side_; }
    std::optional<PipeRing>& in() { return in_; }
    std::optional<PipeRing>& out() { return out_; }

private:
    [[nodiscard]] bool nothing_will_come();
    [[nodiscard]] bool nobody_will_read();
    void wake_other_side();
    // Sleeps until something changed, unless `ready()` or the other side is gone. 0, or what the
    // call must return.
    template <class Ready>
    std::int64_t sleep(Patience patience, Ready&& ready);
    // Nothing: there may be some now. Else what the call must return.
    std::optional<std::int64_t> await_input(Options options, Patience patience);
    // For a packet of that size.
    std::int64_t await_room(Options options, Patience patience, std::size_t bytes = 0);
    [[nodiscard]] Patience to_receive() const {
        return Patience{socket_options().receive_limit.load(std::memory_order_relaxed)};
    }
    [[nodiscard]] Patience to_send() const {
        return Patience{socket_options().send_limit.load(std::memory_order_relaxed)};
    }
    // pipe_packets.cpp
    std::int64_t receive_packet(UserBuffer& buffer, Options options, Received* received);
    std::int64_t send_packets(UserBuffer& buffer, Options options, Parcel* parcel);
    std::int64_t refusal(Options options);
    // pipe_parcels.cpp
    [[nodiscard]] std::string name_of(std::size_t end) const;
    [[nodiscard]] Shelf shelf_in() const;
    [[nodiscard]] Shelf shelf_out() const;
    // Sends one piece of at most so many bytes by `write(count, fill, note)`, and the parcel, if it has not
    // gone yet, with it. ETOOMANYREFS: there is no room for that.
    template <class Write>
    Result<PipeRing::Transfer> send_piece(UserBuffer& buffer, std::uint64_t most, Parcel* parcel,
                                          Write&& write);
    // -> the note to send it with; 0: there is no room.
    std::uint32_t lay_down(Parcel& parcel);
    void settle(std::uint32_t note, const PipeRing::Transfer& part, Parcel& parcel);
    // Takes what came with an entry, and keeps or drops it.
    void pick_up(std::uint32_t note, Received* received);
    void drop_undelivered();

    Side side_;
    Framing framing_;
    bool disconnected_ = false;  // datagrams: it was told that the other end is gone
    Peer peer_;
    PipeMapping* mapping_;
    std::optional<PipeRing> in_;
    std::optional<PipeRing> out_;
    SleepQueue queue_;
    ipc::Capability<ipc::Notification> other_;
    ipc::Capability<ipc::Notification> guard_;
    ipc::Capability<ipc::CapTable> shelf_;
};

template <class Write>
Result<PipeRing::Transfer> PipeEnd::send_piece(UserBuffer& buffer, std::uint64_t most,
                                               Parcel* parcel, Write&& write) {
    UserBuffer after = buffer;
    const std::uint64_t count = std::min<std::uint64_t>(buffer.remaining(), most);
    std::uint32_t note = 0;
    if (parcel != nullptr && *parcel) [[unlikely]] {
        note = lay_down(*parcel);
        if (note == 0) {
            return base::fail(Errno::etoomanyrefs);
        }
    }
    const PipeRing::Transfer part = write(
        count,
        [&](std::byte* to, std::size_t bytes, std::size_t at = 0) {
            after = at == 0 ? buffer : after;
            return static_cast<bool>(after.get({to, bytes}));
        },
        note);
    if (note != 0) [[unlikely]] {
        settle(note, part, *parcel);
    }
    if (part.outcome == PipeRing::Outcome::done) {
        buffer = after;
    }
    return part;
}

struct PipePair {
    Handle reader, writer;  // of a socket pair: the two ends
};
Result<PipePair> make_pipe(std::uint32_t status);
Result<PipePair> make_socket_pair(std::uint32_t status, Framing framing);

}  // namespace linux::fd
