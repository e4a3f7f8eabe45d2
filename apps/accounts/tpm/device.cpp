// SPDX-License-Identifier: MIT
#include "apps/accounts/tpm/device.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "apps/accounts/tpm/wire.hpp"
#include "libs/ipc/message_page.hpp"

namespace tpm {

namespace {

class Device final : public Transport {
public:
    explicit Device(int file) : file_(file) {}
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    ~Device() override { close(file_); }

    std::optional<std::size_t> exchange(std::span<const std::byte> command,
                                        std::span<std::byte> answer) override {
        const bool sent =
            write(file_, command.data(), command.size()) == static_cast<ssize_t>(command.size());
        // The driver gives an answer as a whole to who asks for as much as there may be.
        const ssize_t count = sent ? read(file_, answer.data(), answer.size()) : -1;
        // Both went through it.
        base::wipe(ipc::message_page().data(), ipc::message_page().size());
        if (count < 0) return std::nullopt;
        return static_cast<std::size_t>(count);
    }

    void pause() override {
        constexpr useconds_t microseconds = 20'000;
        usleep(microseconds);
    }

private:
    int file_;
};

}  // namespace

std::unique_ptr<Transport> open_device() {
    const int file = open("/dev/tpm0", O_RDWR | O_CLOEXEC);
    if (file < 0) return nullptr;
    return std::make_unique<Device>(file);
}

}  // namespace tpm
