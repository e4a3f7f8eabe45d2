// SPDX-License-Identifier: MIT
// What is sent, and what is made of answers. That a TPM understands it, tests/system/test_tpm.py shows.
#include "apps/accounts/tpm/chip.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <map>
#include <string>

namespace tpm {
namespace {

using Code = std::uint32_t;
constexpr Code change_auth = 0x129, create_primary = 0x131, attack_parameters = 0x13a,
               shutdown = 0x145, create = 0x153, load = 0x157, unseal_code = 0x15e, flush = 0x165,
               capability = 0x17a;

std::string be(std::uint64_t value, int bytes) {
    std::string text;
    while (bytes-- > 0) text += static_cast<char>(value >> (8 * bytes));
    return text;
}
std::string sized(const std::string& text) {
    return be(static_cast<std::uint32_t>(text.size()), 2) + text;
}
std::string answer(const std::string& body, std::uint32_t result = 0) {
    return be(0x8002, 2) + be(static_cast<std::uint32_t>(10 + body.size()), 4) + be(result, 4) +
           body;
}

// Answers what it was told to, by command; else as one that has nothing to say.
class Model final : public Transport {
public:
    std::optional<std::size_t> exchange(std::span<const std::byte> command,
                                        std::span<std::byte> to) override {
        const std::string text(reinterpret_cast<const char*>(command.data()), command.size());
        Code code = 0;
        for (const char c : text.substr(6, 4)) code = code << 8 | static_cast<unsigned char>(c);
        EXPECT_EQ(text.substr(2, 4), be(static_cast<std::uint32_t>(text.size()), 4));
        codes.push_back(code);
        sent[code] = text;
        auto& planned = answers[code];
        std::string said = answer("");
        if (!planned.empty()) {
            said = planned.front();
            planned.pop_front();
        }
        if (said == "silent") return std::nullopt;
        std::memcpy(to.data(), said.data(), said.size());
        return said.size();
    }
    void pause() override { ++pauses; }

    std::map<Code, std::deque<std::string>> answers;
    std::map<Code, std::string> sent;
    std::vector<Code> codes;
    int pauses = 0;
};

Secret filled(unsigned char with) {
    Secret secret;
    secret.bytes.fill(std::byte{with});
    return secret;
}
std::string text_of(const Secret& secret) {
    return {reinterpret_cast<const char*>(secret.bytes.data()), secret.bytes.size()};
}

const std::string root = be(0x8000'0001, 4), object = be(0x8000'0002, 4);
const std::string by_value = be(0x4000'0009, 4) + be(0, 3);

Model willing() {
    Model chip;
    chip.answers[create_primary] = {answer(root + "whatever follows")};
    chip.answers[load] = {answer(object + "name")};
    chip.answers[create] = {answer(be(99, 4) + sized("private") + sized("public") + "more")};
    chip.answers[unseal_code] = {answer(be(34, 4) + sized(text_of(filled(7))) + "session")};
    return chip;
}

TEST(Chip, SealsUnderTheStorageRoot) {
    Model chip = willing();
    const auto sealed = seal(chip, filled(1), filled(2));
    ASSERT_TRUE(sealed);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(sealed->data()), sealed->size()),
              sized("private") + sized("public"));
    EXPECT_EQ(chip.codes, (std::vector<Code>{create_primary, create, flush, shutdown}));
    EXPECT_EQ(chip.sent[create].substr(10),
              root + be(9, 4) + by_value + be(0, 2) +
                  sized(sized(text_of(filled(2))) + sized(text_of(filled(1)))) +
                  // Without noDA (bit 10): failures count.
                  sized(be(8, 2) + be(0xb, 2) + be(0x52, 4) + be(0, 2) + be(0x10, 2) + be(0, 2)) +
                  be(0, 6));
    EXPECT_EQ(chip.sent[flush].substr(10), root);
}

TEST(Chip, GivesTheSecretForTheValue) {
    Model chip = willing();
    const std::string sealed = sized("private") + sized("public");
    const auto secret = unseal(chip, std::as_bytes(std::span{sealed}), filled(2));
    ASSERT_TRUE(secret);
    EXPECT_EQ(*secret, filled(7));
    EXPECT_EQ(chip.codes,
              (std::vector<Code>{create_primary, load, unseal_code, flush, flush, shutdown}));
    EXPECT_EQ(chip.sent[load].substr(10), root + be(9, 4) + by_value + be(0, 2) + sealed);
    EXPECT_EQ(chip.sent[unseal_code].substr(10),
              object + be(9 + 32, 4) + by_value + sized(text_of(filled(2))));
}

Error failing(Code command, const std::string& said) {
    Model chip = willing();
    chip.answers[command] = {said};
    const auto secret = unseal(chip, {}, {});
    EXPECT_EQ(chip.codes.back(), shutdown);
    return secret ? Error{-1} : secret.error();
}

TEST(Chip, SaysWhyItDoesNotGiveIt) {
    EXPECT_EQ(failing(unseal_code, answer("", 0x98e)), Error::wrong);
    EXPECT_EQ(failing(unseal_code, answer("", 0x9a2)), Error::wrong);
    EXPECT_EQ(failing(unseal_code, answer("", 0x921)), Error::locked);
    EXPECT_EQ(failing(load, answer("", 0x1df)), Error::foreign);
    EXPECT_EQ(failing(load, answer("", 0x1d5)), Error::refused);
    EXPECT_EQ(failing(load, answer("", 0x902)), Error::refused);
    // The owner's password is none that anybody has guessed.
    EXPECT_EQ(failing(create_primary, answer("", 0x9a2)), Error::refused);
    EXPECT_EQ(failing(create_primary, "silent"), Error::no_answer);
}

TEST(Chip, AnswersThatAreNoneAreRefused) {
    for (const std::string& bad :
         {std::string(), std::string("short"), answer("").substr(0, 9), answer("x") + "x"}) {
        EXPECT_EQ(failing(unseal_code, bad), Error::no_answer);
    }
    EXPECT_EQ(failing(create_primary, answer("abc")), Error::no_answer);
    EXPECT_EQ(failing(unseal_code, answer("")), Error::no_answer);
    EXPECT_EQ(failing(unseal_code, answer(be(2, 4) + sized("x"))), Error::no_answer);
    EXPECT_EQ(failing(unseal_code, answer(be(2, 4) + be(33, 2) + text_of(filled(7)))),
              Error::no_answer);
    Model chip = willing();
    chip.answers[create] = {answer(be(9, 4) + sized(std::string(600, 'x')) + sized("y"))};
    EXPECT_EQ(seal(chip, {}, {}).error(), Error::no_answer);
}

TEST(Chip, ASealedObjectThatIsTooLongIsNotSent) {
    Model chip = willing();
    EXPECT_EQ(unseal(chip, std::vector<std::byte>(2000), {}).error(), Error::refused);
}

TEST(Chip, WhatIsPutOffIsAskedAgain) {
    Model chip = willing();
    chip.answers[load] = {answer("", 0x922), answer("", 0x908), answer("", 0x90a), answer(object)};
    EXPECT_TRUE(unseal(chip, {}, filled(2)));
    EXPECT_EQ(chip.pauses, 3);
    chip = willing();
    chip.answers[load] = std::deque<std::string>(1000, answer("", 0x922));
    EXPECT_EQ(unseal(chip, {}, {}).error(), Error::refused);
}

std::string property(std::uint32_t number, std::uint32_t value) {
    return answer(be(0, 1) + be(6, 4) + be(1, 4) + be(number, 4) + be(value, 4));
}

TEST(Chip, ProtectsItselfOnce) {
    Model chip;
    chip.answers[capability] = {property(0x200, 0x200), property(0x20e, 2), property(0x20f, 3),
                                property(0x210, 1000)};
    protect(chip, filled(5));
    EXPECT_EQ(chip.sent[attack_parameters].substr(10), be(0x4000'000a, 4) + be(9, 4) + by_value +
                                                           be(0, 2) + be(32, 4) + be(600, 4) +
                                                           be(86400, 4));
    EXPECT_EQ(chip.sent[change_auth].substr(10),
              be(0x4000'000a, 4) + be(9, 4) + by_value + be(0, 2) + sized(text_of(filled(5))));
    chip.codes.clear();
    chip.answers[capability] = {property(0x200, 4), property(0x20e, 2), property(0x20f, 3),
                                property(0x210, 1000)};
    protect(chip, filled(5));
    EXPECT_EQ(chip.codes, std::vector<Code>(4, capability));
}

TEST(Chip, TellsOfItsLockout) {
    Model chip;
    chip.answers[capability] = {property(0x200, 0x204), property(0x20e, 2), property(0x20f, 3),
                                property(0x210, 1000)};
    const auto found = lockout(chip);
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->locked && found->has_owner);
    EXPECT_EQ(found->failures, 2U);
    EXPECT_EQ(found->most, 3U);
    EXPECT_EQ(found->seconds, 1000U);
    chip.answers[capability] = {property(0x201, 0)};
    EXPECT_EQ(lockout(chip).error(), Error::no_answer);
}

}  // namespace
}  // namespace tpm
