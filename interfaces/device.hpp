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
struct MapRegisters {  // a memory BAR, as device Memory
    static constexpr std::uint16_t label = 3;
    static constexpr std::size_t reply_capabilities = 1;
    std::uint32_t bar = 0;
    struct Reply {
        std::uint64_t bytes = 0;
    };
};
struct GetPorts {  // an I/O BAR, or, for platform devices, its fixed ports
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
struct GetDmaMemory {  // contiguous, with the physical right; bus mastering is switched on with the
                       // first
    static constexpr std::uint16_t label = 6;
    static constexpr std::size_t reply_capabilities = 1;
    std::uint64_t bytes = 0;
    struct Reply {
        std::uint64_t address = 0;  // as the device sees it
    };
};
struct PowerOff {  // on a Bus whose badge grants it: ACPI S5, or a reset
    static constexpr std::uint16_t label = 7;
    std::uint32_t restart = 0;
    struct Reply {};
};

}  // namespace device
