// SPDX-License-Identifier: MIT
// From keys (USB HID usages) to the bytes that a terminal of type xterm sends.
#pragma once

#include <cstdint>
#include <string_view>

#include "servers/tty/layout.hpp"

namespace tty {

class Keyboard {
public:
    enum class Action : std::uint8_t {
        none,
        input,            // `text` goes to the shown terminal
        show_terminal,    // Alt-F1 to Alt-F6: `number` 1 to 6
        scroll,           // Shift-PageUp, Shift-PageDown: `number` pages, up positive
        restart_machine,  // Ctrl-Alt-Delete
    };
    struct Event {
        Action action = Action::none;
        int number = 0;
        std::string_view text;  // valid until the next key
    };

    // `application_cursor`: with the sequences that programs expect who have asked for that mode.
    Event key(std::uint16_t code, bool pressed, bool application_cursor = false);
    void set_layout(const Layout& layout) { layout_ = layout; }
    [[nodiscard]] std::uint8_t leds() const { return caps_lock_ ? 2 : 0; }

private:
    [[nodiscard]] bool held(std::uint8_t modifier) const { return (modifiers_ & modifier) != 0; }
    // Where the layout has nothing for AltGr, it is an Alt.
    [[nodiscard]] bool alt_held() const;
    Event character(std::uint16_t code);
    Event special(char final, std::uint32_t number, bool by_escape_o);
    Event text(std::string_view value) { return {.action = Action::input, .text = value}; }

    std::uint8_t modifiers_ = 0;
    bool caps_lock_ = false;
    Layout layout_;
    char32_t dead_ = 0;  // the dead key that waits for the next one; 0: none
    char buffer_[16] = {};
};

}  // namespace tty
