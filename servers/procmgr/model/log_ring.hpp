// SPDX-License-Identifier: MIT
// The end of what a container has written, as much as there is room for. A position counts bytes from the first one ever
// written, so a reader sees what it has missed, and nothing twice.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace procmgr {

class LogRing {
public:
    // Keeps the last `room` bytes of what is there and what comes.
    void append(std::string_view text, std::size_t room) {
        end_ += text.size();
        text.remove_prefix(text.size() - std::min(text.size(), room));
        const std::size_t before = std::min(text_.size(), room - text.size());
        text_.erase(0, text_.size() - before);
        text_ += text;
    }
    // What is there from the position on, at most `most` bytes. -> the position after it, in `position`.
    [[nodiscard]] std::string_view read(std::uint64_t& position, std::size_t most) const {
        const std::uint64_t start = end_ - text_.size();
        position = std::clamp(position, start, end_);
        const std::string_view found = std::string_view{text_}.substr(position - start, most);
        position += found.size();
        return found;
    }
    [[nodiscard]] bool has_after(std::uint64_t position) const { return position < end_; }
    [[nodiscard]] std::size_t size() const { return text_.size(); }

private:
    std::string text_;
    std::uint64_t end_ = 0;
};

}  // namespace procmgr
