// SPDX-License-Identifier: MIT
// System calls that programs asked for and the Linux library does not have: how often, by program
// and number. Each pair is logged once, so that somebody who looks finds it, and nobody who does not
// is flooded.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace procmgr {

class MissingCalls {
public:
    static constexpr std::size_t max_pairs = 512;
    static constexpr std::uint64_t numbers = 1024;  // Linux has fewer

    // True if this pair is new.
    bool count(std::string_view program, std::uint64_t number) {
        const auto found = counts_.find({std::string{program}, number});
        if (found != counts_.end()) {
            ++found->second;
            return false;
        }
        if (counts_.size() == max_pairs) {
            return false;
        }
        counts_.emplace(std::pair{std::string{program}, number}, 1);
        return true;
    }

private:
    std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> counts_;
};

}  // namespace procmgr
