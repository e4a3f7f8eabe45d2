// SPDX-License-Identifier: MIT
// The driver of a TPM 2.0: /dev/tpm0 over the one device that devmgr gives.
//
// Capabilities: "endpoint" (receive, mint), "bus" (device::Bus with a filter for the platform's TPM),
// "log". Without a TPM it says so and ends: then there is no server behind /dev/tpm0 (servers/init).
#include <array>
#include <optional>

#include "drivers/tpm/command_buffer.hpp"
#include "drivers/tpm/fifo.hpp"
#include "drivers/tpm/service.hpp"
#include "interfaces/device.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/mapping.hpp"
#include "libs/rt/start_info.hpp"

namespace tpm {
namespace {

// TCG ACPI Specification 1.3, table 8.
constexpr std::uint8_t start_by_fifo = 6, start_by_command_buffer = 7;
constexpr std::uint64_t physical_address = 0xfed4'0000;

class DeviceRegisters final : public Registers {
public:
    explicit DeviceRegisters(std::byte* page) : page_(page) {}

    std::uint8_t read8(std::uint32_t offset) override { return at<std::uint8_t>(offset); }
    std::uint32_t read32(std::uint32_t offset) override { return at<std::uint32_t>(offset); }
    void write8(std::uint32_t offset, std::uint8_t value) override {
        at<std::uint8_t>(offset) = value;
    }
    void write32(std::uint32_t offset, std::uint32_t value) override {
        at<std::uint32_t>(offset) = value;
    }
    std::uint64_t now() override { return rt::now(); }

private:
    template <class T>
    volatile T& at(std::uint32_t offset) {
        return *reinterpret_cast<volatile T*>(page_ + offset);
    }

    std::byte* page_;
};

// Firmware may have done it; then the TPM says that it was started already.
bool start_up(Interface& interface) {
    constexpr std::uint32_t started_already = 0x100;  // TPM_RC_INITIALIZE
    // TPM2_Startup(TPM_SU_CLEAR)
    constexpr std::array<std::uint8_t, 12> command{0x80, 0x01, 0, 0, 0, 12, 0, 0, 1, 0x44, 0, 0};
    const auto pause = ipc::own_bank()->create_notification();
    if (!pause || !interface.claim() || !interface.send(std::as_bytes(std::span{command}))) {
        return false;
    }
    constexpr std::uint64_t patience = 20 * rt::second, between_looks = rt::millisecond;
    const std::uint64_t end = rt::now() + patience;
    while (interface.poll() == Progress::working) {
        if (rt::now() > end) {
            return false;
        }
        (void)(*pause)->wait({.deadline = rt::now() + between_looks});
    }
    std::array<std::byte, longest_command> answer;
    const auto size = interface.receive(answer);
    interface.finish();
    if (!size) {
        return false;
    }
    std::uint32_t code = 0;
    for (const std::byte byte : std::span{answer}.subspan(6, 4)) {
        code = code << 8 | std::to_integer<std::uint32_t>(byte);
    }
    return code == 0 || code == started_already;
}

void serve(ipc::Ref<ipc::Endpoint> endpoint, Interface& interface, std::string_view name) {
    if (!start_up(interface)) {
        rt::log("the TPM (", name, ") does not start; passwords are kept without it");
        return;
    }
    rt::log("a TPM 2.0 (", name, ") keeps a part of every password's secret");
    Service service{endpoint, interface};
    const abi::Error why = ipc::serve<Service::Protocol>(endpoint, service);
    rt::log("cannot receive: ", why);
}

}  // namespace
}  // namespace tpm

void server_main(const rt::StartInfo& start) {
    const auto endpoint = start.require<ipc::Endpoint>("endpoint");
    auto acquired = ipc::call(start.require<device::Bus>("bus"), device::Acquire{});
    if (!acquired) {
        rt::log("there is no TPM: passwords are kept without it");
        return;
    }
    const std::uint8_t method = acquired->reply.interface;
    const auto device = acquired->take<device::Device>();
    auto memory = ipc::call(device, device::MapRegisters{.bar = 0});
    constexpr std::uint64_t flags =
        abi::MapFlags::read | abi::MapFlags::write | abi::MapFlags::uncached;
    const auto page =
        memory ? rt::map(memory->take<ipc::Memory>(), {.length = abi::page_size, .flags = flags})
               : base::fail(abi::Error::dead);
    if (!page) {
        rt::log("the TPM's registers cannot be reached; passwords are kept without it");
        return;
    }
    tpm::DeviceRegisters registers{page->bytes().data()};
    if (method == tpm::start_by_fifo) {
        tpm::Fifo fifo{registers};
        tpm::serve(endpoint, fifo, "TIS");
    } else if (method == tpm::start_by_command_buffer) {
        tpm::CommandBuffer buffer{registers, tpm::physical_address};
        tpm::serve(endpoint, buffer, "CRB");
    } else {
        rt::log("the TPM is spoken to in a way that is not known here (start method ", method,
                "); passwords are kept without it");
    }
}
