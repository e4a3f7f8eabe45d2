// SPDX-License-Identifier: MIT
#include "libs/accounts/secret.hpp"

namespace accounts {

void wipe_registers() {
    asm volatile(
        "pxor %%xmm0, %%xmm0\n pxor %%xmm1, %%xmm1\n pxor %%xmm2, %%xmm2\n"
        "pxor %%xmm3, %%xmm3\n pxor %%xmm4, %%xmm4\n pxor %%xmm5, %%xmm5\n"
        "pxor %%xmm6, %%xmm6\n pxor %%xmm7, %%xmm7\n pxor %%xmm8, %%xmm8\n"
        "pxor %%xmm9, %%xmm9\n pxor %%xmm10, %%xmm10\n pxor %%xmm11, %%xmm11\n"
        "pxor %%xmm12, %%xmm12\n pxor %%xmm13, %%xmm13\n pxor %%xmm14, %%xmm14\n"
        "pxor %%xmm15, %%xmm15"
        :
        :
        : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
          "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    // Their upper parts, where there are some.
    if (__builtin_cpu_supports("avx")) asm volatile("vzeroall");
    if (!__builtin_cpu_supports("avx512vl")) return;
    asm volatile(
        "vpxord %zmm16, %zmm16, %zmm16\n vpxord %zmm17, %zmm17, %zmm17\n"
        "vpxord %zmm18, %zmm18, %zmm18\n vpxord %zmm19, %zmm19, %zmm19\n"
        "vpxord %zmm20, %zmm20, %zmm20\n vpxord %zmm21, %zmm21, %zmm21\n"
        "vpxord %zmm22, %zmm22, %zmm22\n vpxord %zmm23, %zmm23, %zmm23\n"
        "vpxord %zmm24, %zmm24, %zmm24\n vpxord %zmm25, %zmm25, %zmm25\n"
        "vpxord %zmm26, %zmm26, %zmm26\n vpxord %zmm27, %zmm27, %zmm27\n"
        "vpxord %zmm28, %zmm28, %zmm28\n vpxord %zmm29, %zmm29, %zmm29\n"
        "vpxord %zmm30, %zmm30, %zmm30\n vpxord %zmm31, %zmm31, %zmm31");
}

void copy_unseen(std::span<const std::byte> from, std::span<std::byte> to) {
    const std::byte* source = from.data();
    std::byte* target = to.data();
    std::size_t count = from.size();
    asm volatile("rep movsb" : "+S"(source), "+D"(target), "+c"(count) : : "memory");
}

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
