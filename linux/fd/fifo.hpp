// SPDX-License-Identifier: MIT
//
// Named pipes (FIFOs): a PipeRing like a pipe's, but the file system's server made it, and tells by
// counts in the shared Memory (fs::OpenPipe::Ends) who is there. So the other side may go and come
// again: end of file holds only as long as there is no writer.
#pragma once

#include "linux/fd/pipe.hpp"
#include "linux/fd/server_file.hpp"

namespace linux::fd {

class NamedPipe final : public PipeEnd {
public:
    // Waits for the other side, unless the status says otherwise. ENXIO, `restart_errno`.
    static Result<Handle> open(ipc::Capability<fs::File> file, std::uint32_t status);
    static Result<Handle> adopt(const process::ImageDescriptor& from);
    ~NamedPipe() override;

    Result<fs::Attributes> attributes() override { return file_attributes(file_.ref()); }
    Result<void> set_attributes(std::uint32_t which, const fs::Attributes& to) override;
    std::uint32_t current_status() override;
    Result<void> change_status(std::uint32_t mask, std::uint32_t value) override;
    [[nodiscard]] ipc::Ref<fs::File> file() const override { return file_.ref(); }
    bool describe(process::ImageDescriptor& to) const override;

protected:
    bool writers_gone() override { return load(ends().writers) == 0; }
    bool readers_gone() override { return load(ends().readers) == 0; }
    std::uint32_t ready_events() override;

private:
    struct Parts {
        ipc::Capability<fs::File> file;
        ipc::Capability<ipc::Memory> memory;
        ipc::Capability<ipc::Notification> notification;
        ipc::Capability<fs::Server> server;
        std::uint32_t writers_before;
    };
    NamedPipe(Side side, std::uint32_t status, PipeMapping* mapping, PipeCapabilities capabilities,
              Parts parts)
        : PipeEnd(side, status, mapping, std::move(capabilities)),
          file_(std::move(parts.file)),
          server_(std::move(parts.server)),
          writers_before_(parts.writers_before) {}
    static Result<Handle> make(Side side, std::uint32_t status, Parts parts);

    [[nodiscard]] fs::OpenPipe::Ends& ends() const;
    static std::uint32_t load(std::uint32_t& count) {
        return std::atomic_ref<std::uint32_t>{count}.load();
    }

    ipc::Capability<fs::File> file_;
    ipc::Capability<fs::Server> server_;
    std::uint32_t writers_before_;  // this end was opened
};

}  // namespace linux::fd
