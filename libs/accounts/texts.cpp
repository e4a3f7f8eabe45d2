// SPDX-License-Identifier: MIT
#include "libs/accounts/texts.hpp"

#include <cstring>

#include "libs/accounts/secret.hpp"

namespace accounts {

Texts::~Texts() { wipe(bytes_.data(), bytes_.size()); }

bool Texts::add(std::string_view text) {
    if (count_ == most || text.size() >= bytes_.size() - size_ ||
        text.find('\0') != std::string_view::npos)
        return false;
    starts_[count_++] = size_;
    if (!text.empty()) std::memcpy(bytes_.data() + size_, text.data(), text.size());
    size_ += text.size();
    bytes_[size_++] = '\0';
    return true;
}

bool Texts::read(std::span<const std::byte> payload) {
    wipe(bytes_.data(), bytes_.size());
    size_ = count_ = 0;
    std::string_view rest{reinterpret_cast<const char*>(payload.data()), payload.size()};
    if (!rest.empty() && rest.back() != '\0') return false;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\0');
        if (!add(rest.substr(0, end))) {
            wipe(bytes_.data(), bytes_.size());
            size_ = count_ = 0;
            return false;
        }
        rest.remove_prefix(end + 1);
    }
    return true;
}

std::string_view Texts::operator[](std::size_t i) const {
    return i < count_ ? std::string_view{bytes_.data() + starts_[i]} : std::string_view{};
}

}  // namespace accounts
