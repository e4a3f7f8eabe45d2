// SPDX-License-Identifier: MIT
// The driver of the PS/2 keyboard: protocol `input` to the server of terminals.
//
// The 8042 controller (IBM PS/2 Hardware Interface Technical Reference, keyboard and auxiliary device controller) translates to
// scan code set 1. It is told to interrupt; what is in its buffer when the driver starts is thrown away.
//
// Capabilities: "tty" (input::Sink), "ports" (0x60 to 0x64), "interrupt", "log".
#include <array>

#include "drivers/ps2/scan_codes.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/ipc/protocol.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/start_info.hpp"

namespace {

constexpr std::uint16_t port_data = 0x60;
constexpr std::uint16_t port_status = 0x64;
constexpr std::uint8_t status_output_full = 0x01;
constexpr std::uint8_t status_input_full = 0x02;
constexpr std::uint8_t status_from_mouse = 0x20;
constexpr std::uint8_t command_read_configuration = 0x20;
constexpr std::uint8_t command_write_configuration = 0x60;
constexpr std::uint8_t command_enable_keyboard = 0xae;
constexpr std::uint8_t configuration_interrupt = 0x01;
constexpr std::uint8_t configuration_translate = 0x40;
constexpr int patience =
    10000;  // looks at the status register: a controller that is not there never answers

class Controller {
public:
    explicit Controller(ipc::Ref<ipc::IoPorts> ports) : ports_(ports) {}

    bool initialise() {
        while (read_byte()) {
        }
        if (!write(port_status, command_read_configuration)) {
            return false;
        }
        const auto configuration = wait_for_byte();
        if (!configuration) {
            return false;
        }
        const auto wanted = static_cast<std::uint8_t>(*configuration | configuration_interrupt |
                                                      configuration_translate);
        return write(port_status, command_write_configuration) && write(port_data, wanted) &&
               write(port_status, command_enable_keyboard);
    }

    // A byte from the keyboard, if there is one; those of a mouse are thrown away.
    std::optional<std::uint8_t> read_byte() {
        for (;;) {
            const std::uint8_t status = ports_->in<std::uint8_t>(port_status).value_or(0);
            if ((status & status_output_full) == 0) {
                return std::nullopt;
            }
            const std::uint8_t value = ports_->in<std::uint8_t>(port_data).value_or(0);
            if ((status & status_from_mouse) == 0) {
                return value;
            }
        }
    }

private:
    bool write(std::uint16_t port, std::uint8_t value) {
        for (int i = 0; i < patience; ++i) {
            if ((ports_->in<std::uint8_t>(port_status).value_or(0xff) & status_input_full) == 0) {
                return ports_->out<std::uint8_t>(port, value).has_value();
            }
        }
        return false;
    }
    std::optional<std::uint8_t> wait_for_byte() {
        for (int i = 0; i < patience; ++i) {
            if (const auto value = read_byte()) {
                return value;
            }
        }
        return std::nullopt;
    }

    ipc::Ref<ipc::IoPorts> ports_;
};

void pass_on(Controller& controller, ps2::Decoder& decoder, ipc::Ref<input::Sink> tty) {
    std::array<input::Key, 16> keys;
    std::size_t count = 0;
    const auto send = [&] {
        const auto bytes = std::as_bytes(std::span(keys).first(count));
        (void)ipc::call(tty, input::Keys{}, {.payload = bytes});
        count = 0;
    };
    while (const auto value = controller.read_byte()) {
        if (const auto key = decoder.byte(*value)) {
            keys[count++] = *key;
        }
        if (count == keys.size()) {
            send();
        }
    }
    if (count != 0) {
        send();
    }
}

}  // namespace

void server_main(const rt::StartInfo& start) {
    const auto tty = start.require<input::Sink>("tty");
    const auto interrupt = start.require<ipc::Interrupt>("interrupt");
    Controller controller{start.require<ipc::IoPorts>("ports")};
    if (!controller.initialise()) {
        rt::log("no keyboard controller");
    }
    const auto notification = ipc::own_bank()->create_notification();
    if (!notification || !interrupt->bind(notification->ref(), 1)) {
        rt::panic("no interrupt");
    }
    ps2::Decoder decoder;
    for (;;) {
        pass_on(controller, decoder, tty);
        (void)interrupt->acknowledge();
        if (!(*notification)->wait()) {
            return;
        }
    }
}
