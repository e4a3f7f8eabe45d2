// SPDX-License-Identifier: MIT
// /dev/tpm0: protocol `fs`, of which a program on the Linux library makes what Linux has: a write is
// one whole command, reads give its answer, in parts if they like; the next command can be written
// when the answer has been read. One at a time may have it open (busy).
//
//     closed -> open -> working -> answered -> open ...      the end of its user leads back to closed; what the TPM
//                                                            does for him is cancelled
//
// Commands and answers hold secrets: they are wiped as soon as they have been passed on.
#pragma once

#include <array>

#include "drivers/tpm/interface.hpp"
#include "interfaces/fs.hpp"
#include "libs/ipc/server.hpp"

namespace tpm {

using interfaces::Status;

// The badge of the Directory that vfs holds; files have those after it.
inline constexpr std::uint64_t directory_badge = 1;

class Service {
public:
    using Protocol = ipc::Operations<fs::Open, fs::Read, fs::Write, fs::GetAttributes>;

    Service(ipc::Ref<ipc::Endpoint> endpoint, Interface& interface)
        : endpoint_(endpoint), interface_(interface) {}

    ipc::Result<fs::Open::Reply> handle(const fs::Open& open, ipc::Request& request);
    ipc::Result<fs::Read::Reply> handle(const fs::Read& read, ipc::Request& request);
    ipc::Result<fs::Write::Reply> handle(const fs::Write& write, ipc::Request& request);
    ipc::Result<fs::GetAttributes::Reply> handle(const fs::GetAttributes& get,
                                                 ipc::Request& request);

    void on_drop(std::uint64_t badge);
    [[nodiscard]] std::uint64_t deadline() const { return next_look_; }
    void on_deadline() { look(); }

private:
    // `cancelled`: the TPM works for nobody. `failed`: there is no answer, which a read will tell.
    enum class State : std::uint8_t { idle, working, answered, failed, cancelled };

    [[nodiscard]] ipc::Result<void> check_open(const ipc::Request& request, std::uint32_t access);
    void look();
    void answer_reader();
    void give(ipc::PendingReply& reply, std::size_t most);
    void forget_answer();

    ipc::Ref<ipc::Endpoint> endpoint_;
    Interface& interface_;
    State state_ = State::idle;
    std::uint64_t file_ = directory_badge;  // of the file that is or was open
    bool is_open_ = false;
    std::uint32_t access_ = 0;  // fs::OpenFlags
    std::uint64_t inode_ = 0, file_system_ = 0;

    std::array<std::byte, longest_command> answer_{};
    std::size_t size_ = 0, given_ = 0;
    ipc::PendingReply reader_;
    std::size_t reader_most_ = 0;
    std::uint64_t next_look_ = ipc::no_deadline;
    std::uint64_t pause_ = 0;
    std::uint64_t overdue_ = 0;  // when the TPM has taken too long
};

}  // namespace tpm
