// SPDX-License-Identifier: MIT
// What a terminal is connected to: a screen or serial line, or the master of a pseudo-terminal.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "interfaces/display.hpp"
#include "interfaces/tty.hpp"
#include "libs/ipc/protocol.hpp"

namespace tty {

class Line {
public:
    Line() = default;
    Line(const Line&) = delete;
    // Takes all of it, also beyond its room: an echo waits for nobody.
    virtual void transmit(std::string_view bytes) = 0;
    // How many bytes a program may write now, in their form on the line.
    [[nodiscard]] virtual std::size_t room() const = 0;
    // Drops what the other end has not seen yet.
    virtual void discard() = 0;
    // For an other end that wants to know.
    virtual void input_dropped() {}
    virtual void output_stops(bool /*stops*/) {}
    // Ctrl-S and Ctrl-Q have come to stop and start output, or do not any more.
    virtual void flow_characters_change(bool /*they_do*/) {}
    // What the other end has to say to what was transmitted; then it has said it.
    [[nodiscard]] virtual std::string take_answers() { return {}; }
    // As long as no program has set another one.
    [[nodiscard]] virtual GetSize::Reply size() = 0;

protected:
    ~Line() = default;
};

class ScreenLine final : public Line {
public:
    // `screen` shows it as its terminal number `minor`.
    ScreenLine(std::uint32_t minor, ipc::Ref<display::Screen> screen)
        : minor_(minor), screen_(screen) {}

    void transmit(std::string_view bytes) override;
    [[nodiscard]] std::size_t room() const override {
        return std::numeric_limits<std::size_t>::max();
    }
    void discard() override {}
    [[nodiscard]] std::string take_answers() override { return std::exchange(answers_, {}); }
    [[nodiscard]] GetSize::Reply size() override;
    // The cursor keys' other sequences are wanted.
    [[nodiscard]] bool application_cursor() const { return application_cursor_; }

private:
    static constexpr std::size_t most_answered = 1024;

    const std::uint32_t minor_;
    ipc::Ref<display::Screen> screen_;
    std::string answers_;
    bool application_cursor_ = false;
};

}  // namespace tty
