// SPDX-License-Identifier: MIT
// Protocol `device`: devmgr gives a driver exactly its device: registers, interrupt, DMA memory.
// Which devices a driver may have is set by init's table: the badge of its capability names a
// filter (vendor, device, class).
#pragma once

#include <cstddef>
#include <cstdint>

namespace device {

struct Bus;     // a driver's right to acquire devices that match its filter
struct Device;  // one acquired device

// The badge of a Bus, for whoever starts devmgr to mint: which devices its holder may acquire.
//   bits 0-15 vendor, 16-31 device, 32-39 class, 40-47 subclass (all ones: any)
//   bit 62 may power off, bit 63 always set
// Platform devices have a vendor of ours and a number.
inline constexpr std::uint64_t bus_badge = std::uint64_t{1} << 63;
inline constexpr std::uint64_t power_badge = std::uint64_t{1} << 62;
inline constexpr std::uint16_t any_id = 0xffff;
inline constexpr std::uint8_t any_class = 0xff;
inline constexpr std::uint16_t platform_vendor = 0xfffe;
// A TPM's `interface` (Acquire) is the start method of the ACPI table TPM2, its BAR 0 locality 0.
enum class Platform : std::uint16_t { keyboard = 1, serial_1 = 2, serial_2 = 3, tpm = 4 };

constexpr std::uint64_t filter_badge(std::uint16_t vendor, std::uint16_t device,
                                     std::uint8_t class_code = any_class,
                                     std::uint8_t subclass = any_class) {
    return bus_badge | vendor | (std::uint64_t{device} << 16) | (std::uint64_t{class_code} << 32) |
           (std::uint64_t{subclass} << 40);
}

struct Acquire {  // the `index`-th device that matches and is not taken
    static constexpr std::uint16_t label = 1;
    static constexpr std::size_t reply_capabilities = 1;  // Device
    std::uint32_t index = 0;
    struct Reply {
        std::uint16_t vendor = 0, device = 0;
        std::uint8_t class_code = 0, subclass = 0, interface = 0, revision = 0;
        std::uint32_t location = 0;  // bus << 8 | device << 3 | function
    };
};
struct ReadConfiguration {  // 1, 2 or 4 bytes of PCI configuration space
    static constexpr std::uint16_t label = 2;
    std::uint32_t offset = 0, bytes = 4;
    struct Reply {
        std::uint32_t value = 0;
    };
};
struct
    MapRegisters {  // a memory BAR, as device Memory. Not of a BAR that shares a page with others
    static constexpr std::uint16_t label = 3;
    static constexpr std::size_t reply_capabilities = 1;
    std::uint32_t bar = 0;
    struct Reply {
        std::uint64_t bytes = 0;
    };
};
// An I/O BAR; for platform devices its fixed ports; of a VGA (bar 6) those of the Bochs interface.
struct GetPorts {
    static constexpr std::uint16_t label = 4;
    static constexpr std::size_t reply_capabilities = 1;
    std::uint32_t bar = 0;
    struct Reply {
        std::uint32_t first = 0, count = 0;
    };
};
struct GetInterrupt {  // an Interrupt object; devmgr has set the device's MSI, MSI-X or pin up for
                       // it
    static constexpr std::uint16_t label = 5;
    static constexpr std::size_t reply_capabilities = 1;
    std::uint32_t index = 0;
    struct Reply {
        std::uint32_t message_signalled = 0;
    };
};
// Contiguous memory that the device may use, too; bus mastering is switched on with the first. It
// ends, like all else that belongs to the device, with the Device capability.
struct GetDmaMemory {
    static constexpr std::uint16_t label = 6;
    static constexpr std::size_t reply_capabilities = 1;
    std::uint64_t bytes = 0;
    struct Reply {
        std::uint64_t address = 0;  // as the device sees it
    };
};
// On a Bus: whoever changes where in memory devices answer has done so, and the other CPUs may run
// (devmgr's main.cpp says why not before).
struct StartCpus {
    static constexpr std::uint16_t label = 8;
    struct Reply {};
};
struct PowerOff {  // on a Bus whose badge grants it: ACPI S5, or a reset
    static constexpr std::uint16_t label = 7;
    std::uint32_t restart = 0;
    struct Reply {};
};

}  // namespace device
