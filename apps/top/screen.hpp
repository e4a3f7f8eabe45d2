// SPDX-License-Identifier: MIT
// A terminal that top has for itself: raw input, and a screen on which only lines that have changed are written anew.
// The sequences are xterm's, which all of the system's terminals know.
#pragma once

#include <termios.h>
#include <vector>

#include "apps/top/view.hpp"

namespace top {

class Screen {
public:
    // Takes the terminal at standard input and output. `usable`: there is one.
    Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;
    ~Screen();

    [[nodiscard]] bool usable() const { return usable_; }
    [[nodiscard]] static Size size();
    // False: the terminal is gone.
    bool show(const std::vector<Line>& lines);
    // The next time all is written.
    void forget() { shown_.clear(); }
    // Leaves the terminal as it was, stops, and takes it again when it goes on.
    void stop();
    // What has been typed; -1: the terminal is gone. An escape sequence is one key.
    [[nodiscard]] static std::vector<int> read_keys();

private:
    void take();
    void leave();

    bool usable_ = false;
    termios before_{};
    std::vector<Line> shown_;
};

}  // namespace top
