// SPDX-License-Identifier: MIT
// A TPM that answers anything: each answer is a part of the input, its length before it; whether the header is right is
// up to it, too.
#include <cstdint>
#include <cstring>

#include "apps/accounts/hash_text.hpp"
#include "apps/accounts/tpm/chip.hpp"

namespace {

class Liar final : public tpm::Transport {
public:
    explicit Liar(std::span<const std::byte> input) : rest_(input) {}

    std::optional<std::size_t> exchange(std::span<const std::byte>,
                                        std::span<std::byte> answer) override {
        if (rest_.size() < 2) return std::nullopt;
        const auto kind = std::to_integer<unsigned>(rest_[0]);
        const std::size_t wanted = std::to_integer<std::size_t>(rest_[1]) * 2;
        rest_ = rest_.subspan(2);
        const std::size_t size = std::min(wanted, rest_.size());
        std::memcpy(answer.data(), rest_.data(), size);
        rest_ = rest_.subspan(size);
        if (kind % 4 != 0 && size >= 10) {  // a good header gets further
            const std::byte header[10] = {std::byte{0x80},      std::byte{2},          {}, {},
                                          std::byte(size >> 8), std::byte(size & 0xff)};
            std::memcpy(answer.data(), header, sizeof header);
        }
        return kind % 16 == 4 ? 1U << 20 : size;
    }
    void pause() override {}

private:
    std::span<const std::byte> rest_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span{data, size});
    {
        Liar chip(input);
        const auto sealed = tpm::seal(chip, {}, {});
        if (sealed && sealed->size() > tpm::longest_sealed) __builtin_trap();
    }
    {
        Liar chip(input);
        const auto secret = tpm::unseal(chip, input, {});
        if (!secret && secret.error() > tpm::Error::refused) __builtin_trap();
    }
    {
        Liar chip(input);
        tpm::protect(chip, {});
    }
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto parts = accounts::read_tpm_hash(text)) {
        if (accounts::read_tpm_hash(accounts::text_of(*parts)) != parts) __builtin_trap();
    }
    return 0;
}
