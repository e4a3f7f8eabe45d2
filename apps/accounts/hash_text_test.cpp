// SPDX-License-Identifier: MIT
#include "apps/accounts/hash_text.hpp"

#include <gtest/gtest.h>

namespace accounts {
namespace {

TpmHash example(std::size_t sealed) {
    TpmHash parts{.cost = {.memory_kib = 4096, .passes = 2, .lanes = 1}};
    for (std::size_t i = 0; i < sealed; ++i) parts.sealed.push_back(std::byte(i * 7));
    for (int i = 0; i < 16; ++i) parts.salt.push_back(std::byte(255 - i));
    for (std::size_t i = 0; i < 32; ++i) parts.hash.bytes[i] = std::byte(i);
    return parts;
}

TEST(HashText, IsReadAsItWasWritten) {
    EXPECT_EQ(text_of(example(4)),
              "$tpm2$AAcOFQ$argon2id$v=19$m=4096,t=2,p=1$//79/Pv6+fj39vX08/Lx8A$"
              "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    for (const std::size_t size : {1, 2, 3, 240, 512}) {
        EXPECT_EQ(read_tpm_hash(text_of(example(size))), example(size)) << size;
    }
}

TEST(HashText, WhatIsNotOneIsNotRead) {
    const std::string good = text_of(example(4));
    EXPECT_FALSE(read_tpm_hash(""));
    EXPECT_FALSE(read_tpm_hash("$argon2id$v=19$m=4096,t=2,p=1$c2FsdA$aGFzaA"));
    EXPECT_FALSE(read_tpm_hash(text_of(example(513))));
    EXPECT_FALSE(read_tpm_hash(text_of(example(0))));
    EXPECT_FALSE(read_tpm_hash(good + "A"));
    EXPECT_FALSE(read_tpm_hash(good + "$"));
    for (std::size_t length = 0; length < good.size(); ++length) {
        EXPECT_FALSE(read_tpm_hash(good.substr(0, length))) << length;
    }
    for (const auto& [from, to] :
         std::vector<std::pair<std::string, std::string>>{{"v=19", "v=16"},
                                                          {"m=4096", "m=0"},
                                                          {"m=4096", "m=4294967296"},
                                                          {"t=2", "t=-2"},
                                                          {"t=2", "x=2"},
                                                          {"p=1", "p="},
                                                          {"AAcOFQ", "AAcOFR"},
                                                          {"AAcOFQ", "AAc=FQ"}}) {
        std::string bad = good;
        bad.replace(bad.find(from), from.size(), to);
        EXPECT_FALSE(read_tpm_hash(bad)) << bad;
    }
}

}  // namespace
}  // namespace accounts
