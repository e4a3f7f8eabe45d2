// SPDX-License-Identifier: MIT
#include "libs/accounts/secret.hpp"

namespace accounts {

Secret::Secret(std::string_view text) {
    for (const char c : text) push(c);
}

Secret::~Secret() { clear(); }

void Secret::clear() {
    wipe(bytes_.data(), bytes_.size());
    size_ = 0;
    too_long_ = false;
}

void Secret::push(char c) {
    if (size_ == bytes_.size()) {
        too_long_ = true;
    } else {
        bytes_[size_++] = c;
    }
}

}  // namespace accounts
