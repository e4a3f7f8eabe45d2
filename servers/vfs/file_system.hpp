// SPDX-License-Identifier: MIT
// FileSystem: the root Directory of one file system, as views see it. Views share it; it ends with
// the last mount of it.
//
// On CLUU it is a capability to a file system's process (DirectoryFileSystem); the unit tests put a
// file system of their own process behind it.
#pragma once

#include <string_view>

#include "interfaces/fs.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/ipc/protocol.hpp"
#include "servers/vfs/shared.hpp"

namespace vfs {

using interfaces::Status;

template <class T>
using Result = base::Result<T, Status>;

// An answer that has not been given its type yet. The payload is valid until the next message.
struct RawAnswer {
    ipc::Words words{};
    std::span<const std::byte> payload;
    ipc::ReceivedCapabilities capabilities;
};

class FileSystem : public Counted {
public:
    virtual ~FileSystem() = default;

    // `if_gone`: what to say of a process that is no more.
    template <class Op>
    [[nodiscard]] Result<ipc::Answer<Op>> ask(const Op& operation, std::string_view payload,
                                              Status if_gone = Status::io_error) {
        using Traits = ipc::OperationTraits<Op>;
        if (payload.size() > Traits::payload) {
            return base::fail(Status::name_too_long);
        }
        auto answer = exchange(Op::label, ipc::pack(operation), payload);
        if (!answer) {
            return base::fail(answer.error() == Status::closed ? if_gone : answer.error());
        }
        RawAnswer raw = std::move(*answer);
        if (raw.payload.size() > Traits::reply_payload) {
            return base::fail(Status::io_error);
        }
        return ipc::Answer<Op>{ipc::unpack<typename Op::Reply>(raw.words), raw.payload,
                               std::move(raw.capabilities)};
    }

private:
    [[nodiscard]] virtual Result<RawAnswer> exchange(std::uint16_t label, const ipc::Words& words,
                                                     std::string_view payload) = 0;
};

using FileSystemPointer = Shared<FileSystem>;

template <class T, class... Arguments>
FileSystemPointer make_file_system(Arguments&&... arguments) {
    return FileSystemPointer{new T{std::forward<Arguments>(arguments)...}};
}

// A message to a file system's process. closed: it is gone.
[[nodiscard]] Result<RawAnswer> exchange_with(ipc::Ref<fs::Directory> directory,
                                              std::uint16_t label, const ipc::Words& words,
                                              std::string_view payload);

class DirectoryFileSystem final : public FileSystem {
public:
    explicit DirectoryFileSystem(ipc::Capability<fs::Directory> root) : root_(std::move(root)) {}

private:
    Result<RawAnswer> exchange(std::uint16_t label, const ipc::Words& words,
                               std::string_view payload) override {
        return exchange_with(root_.ref(), label, words, payload);
    }

    ipc::Capability<fs::Directory> root_;
};

}  // namespace vfs
