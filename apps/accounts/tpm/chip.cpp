// SPDX-License-Identifier: MIT
#include "apps/accounts/tpm/chip.hpp"

#include "apps/accounts/tpm/wire.hpp"

namespace tpm {

namespace {

// Library, part 2, tables 12, 19, 26, 28.
constexpr std::uint16_t no_sessions = 0x8001, with_sessions = 0x8002;
namespace code {
constexpr std::uint32_t change_auth = 0x129, create_primary = 0x131, attack_parameters = 0x13a,
                        shutdown = 0x145, create = 0x153, load = 0x157, unseal = 0x15e,
                        flush = 0x165, get_capability = 0x17a;
}
constexpr std::uint32_t owner_hierarchy = 0x4000'0001, by_value = 0x4000'0009,
                        lockout_hierarchy = 0x4000'000a;
// Table 16: of format 0, and of format 1 (whose other bits say where).
constexpr std::uint32_t locked_out = 0x921, retry = 0x922, yielded = 0x908, testing = 0x90a;
constexpr std::uint32_t format_1 = 0x80, format_1_bits = 0xbf;
constexpr std::uint32_t auth_fail = 0x8e, bad_auth = 0xa2, integrity = 0x9f;
namespace algorithm {
constexpr std::uint16_t aes = 6, sealed_data = 8, sha256 = 0xb, none = 0x10, ecc = 0x23, cfb = 0x43;
}
// Table 31.
constexpr std::uint32_t fixed_tpm = 0x2, fixed_parent = 0x10, made_inside = 0x20, by_user = 0x40,
                        no_lockout = 0x400, restricted = 0x1'0000, decrypts = 0x2'0000;
constexpr int most_tries = 100;  // of a command that the TPM puts off

class Answer {
public:
    ~Answer() { base::wipe(bytes_.data(), bytes_.size()); }

    // Sends it, again if the TPM asks for that.
    Result<void> ask(Transport& chip, Command& command) {
        const auto text = command.finish();
        if (text.empty()) return std::unexpected(Error::refused);
        for (int i = 0; i < most_tries; ++i) {
            const auto size = chip.exchange(text, bytes_);
            if (!size || *size > bytes_.size()) return std::unexpected(Error::no_answer);
            reader = Reader(std::span{bytes_}.first(*size));
            (void)reader.u16();
            const std::uint32_t said = reader.u32(), result = reader.u32();
            if (!reader.whole() || said != *size) return std::unexpected(Error::no_answer);
            if (result == 0) return {};
            if (result != retry && result != yielded && result != testing)
                return std::unexpected(error_of(result));
            chip.pause();
        }
        return std::unexpected(Error::refused);
    }

    Reader reader;  // behind the header

private:
    static Error error_of(std::uint32_t result) {
        if (result == locked_out) return Error::locked;
        if ((result & format_1) == 0) return Error::refused;
        switch (result & format_1_bits) {
            case auth_fail:
            case bad_auth:  return Error::wrong;
            case integrity: return Error::foreign;
            default:        return Error::refused;
        }
    }

    std::array<std::byte, longest_message> bytes_{};
};

// Whatever it answers, nothing follows from it.
void tell(Transport& chip, Command& command) {
    Answer answer;
    [[maybe_unused]] const auto done = answer.ask(chip, command);
}

// The one session: the value itself.
void authorise(Command& command, std::span<const std::byte> value) {
    constexpr std::uint32_t bytes_around = 9;
    command.u32(bytes_around + static_cast<std::uint32_t>(value.size()));
    command.u32(by_value).u16(0).u8(0).sized(value);
}

// An object in the TPM, which has room for few.
class Loaded {
public:
    Loaded(Transport& chip, std::uint32_t handle) : chip_(&chip), handle_(handle) {}
    Loaded(Loaded&& other) noexcept : chip_(other.chip_), handle_(other.handle_) {
        other.chip_ = nullptr;
    }
    Loaded& operator=(Loaded&&) = delete;
    ~Loaded() {
        if (chip_ == nullptr) return;
        Command command(no_sessions, code::flush);
        command.u32(handle_);
        tell(*chip_, command);
    }
    [[nodiscard]] std::uint32_t handle() const { return handle_; }

private:
    Transport* chip_;
    std::uint32_t handle_;
};

Result<Loaded> loaded_by(Transport& chip, Command& command) {
    Answer answer;
    if (const auto asked = answer.ask(chip, command); !asked) return std::unexpected(asked.error());
    const std::uint32_t handle = answer.reader.u32();
    if (!answer.reader.whole()) return std::unexpected(Error::no_answer);
    return Loaded(chip, handle);
}

// The same in each TPM's life, as its seed is; so it need not be kept. The template is the usual one of an ECC
// storage key (TCG PC Client Platform TPM Profile, annex of templates).
Result<Loaded> storage_root(Transport& chip) {
    Command command(with_sessions, code::create_primary);
    command.u32(owner_hierarchy);
    authorise(command, {});
    command.sized_by([](Command& sensitive) { sensitive.u16(0).u16(0); });
    command.sized_by([](Command& area) {
        constexpr std::uint16_t key_bits = 128, nist_p256 = 3;
        area.u16(algorithm::ecc).u16(algorithm::sha256);
        area.u32(fixed_tpm | fixed_parent | made_inside | by_user | no_lockout | restricted |
                 decrypts);
        area.u16(0);  // no policy
        area.u16(algorithm::aes).u16(key_bits).u16(algorithm::cfb).u16(algorithm::none);
        area.u16(nist_p256).u16(algorithm::none).u16(0).u16(0);
    });
    command.u16(0).u32(0);  // nothing to remember of where it was made
    auto made = loaded_by(chip, command);
    // The owner has a password. That is nobody's guess.
    if (!made && made.error() == Error::wrong) return std::unexpected(Error::refused);
    return made;
}

// A TPM that lost its power after a value was tried thinks that this was done to it on purpose, and counts it as a
// failure, unless it was told before.
class Orderly {
public:
    explicit Orderly(Transport& chip) : chip_(chip) {}
    Orderly(const Orderly&) = delete;
    Orderly& operator=(const Orderly&) = delete;
    ~Orderly() {
        Command command(no_sessions, code::shutdown);
        command.u16(0);  // TPM_SU_CLEAR
        tell(chip_, command);
    }

private:
    Transport& chip_;
};

Result<std::uint32_t> property(Transport& chip, std::uint32_t number) {
    constexpr std::uint32_t properties = 6;
    Command command(no_sessions, code::get_capability);
    command.u32(properties).u32(number).u32(1);
    Answer answer;
    if (const auto asked = answer.ask(chip, command); !asked) return std::unexpected(asked.error());
    Reader& reader = answer.reader;
    (void)reader.u8();  // whether there are more
    const bool kind = reader.u32() == properties, one = reader.u32() == 1;
    const bool same = reader.u32() == number;
    const std::uint32_t value = reader.u32();
    if (!reader.whole() || !kind || !one || !same) return std::unexpected(Error::no_answer);
    return value;
}

}  // namespace

Result<Sealed> seal(Transport& chip, const Secret& secret, const Secret& value) {
    const Orderly orderly(chip);
    const auto root = storage_root(chip);
    if (!root) return std::unexpected(root.error());
    Command command(with_sessions, code::create);
    command.u32(root->handle());
    authorise(command, {});
    command.sized_by([&](Command& sensitive) { sensitive.sized(value.bytes).sized(secret.bytes); });
    command.sized_by([](Command& area) {
        area.u16(algorithm::sealed_data).u16(algorithm::sha256);
        area.u32(fixed_tpm | fixed_parent | by_user);  // and failures count
        area.u16(0).u16(algorithm::none).u16(0);
    });
    command.u16(0).u32(0);
    Answer answer;
    if (const auto asked = answer.ask(chip, command); !asked) return std::unexpected(asked.error());
    (void)answer.reader.u32();  // how long all that follows is
    Sealed sealed;
    for (int part = 0; part < 2; ++part) {  // the private part, and the public one
        const auto bytes = answer.reader.sized();
        sealed.push_back(std::byte(bytes.size() >> 8));
        sealed.push_back(std::byte(bytes.size() & 0xff));
        sealed.insert(sealed.end(), bytes.begin(), bytes.end());
    }
    if (!answer.reader.whole() || sealed.size() > longest_sealed)
        return std::unexpected(Error::no_answer);
    return sealed;
}

Result<Secret> unseal(Transport& chip, std::span<const std::byte> sealed, const Secret& value) {
    const Orderly orderly(chip);
    const auto root = storage_root(chip);
    if (!root) return std::unexpected(root.error());
    Command load(with_sessions, code::load);
    load.u32(root->handle());
    authorise(load, {});
    load.raw(sealed);
    const auto object = loaded_by(chip, load);
    if (!object) return std::unexpected(object.error());
    Command command(with_sessions, code::unseal);
    command.u32(object->handle());
    authorise(command, value.bytes);
    Answer answer;
    if (const auto asked = answer.ask(chip, command); !asked) return std::unexpected(asked.error());
    (void)answer.reader.u32();
    const auto bytes = answer.reader.sized();
    Secret secret;
    if (!answer.reader.whole() || bytes.size() != secret.bytes.size())
        return std::unexpected(Error::no_answer);
    std::ranges::copy(bytes, secret.bytes.begin());
    return secret;
}

Result<Lockout> lockout(Transport& chip) {
    constexpr std::uint32_t permanent = 0x200, counter = 0x20e, limit = 0x20f, interval = 0x210;
    constexpr std::uint32_t has_value = 4, is_locked = 0x200;
    Lockout found;
    const auto flags = property(chip, permanent);
    if (!flags) return std::unexpected(flags.error());
    found.has_owner = (*flags & has_value) != 0;
    found.locked = (*flags & is_locked) != 0;
    struct {
        std::uint32_t number;
        std::uint32_t& to;
    } const numbers[] = {{counter, found.failures}, {limit, found.most}, {interval, found.seconds}};
    for (const auto& [number, to] : numbers) {
        const auto value = property(chip, number);
        if (!value) return std::unexpected(value.error());
        to = *value;
    }
    return found;
}

void protect(Transport& chip, const Secret& owner) {
    const auto now = lockout(chip);
    if (!now || now->has_owner) return;
    const Orderly orderly(chip);
    constexpr std::uint32_t day = 86'400;  // after a wrong value for the lockout itself
    Command parameters(with_sessions, code::attack_parameters);
    parameters.u32(lockout_hierarchy);
    authorise(parameters, {});
    parameters.u32(most_failures).u32(seconds_for_one).u32(day);
    if (!Answer().ask(chip, parameters)) return;
    Command change(with_sessions, code::change_auth);
    change.u32(lockout_hierarchy);
    authorise(change, {});
    change.sized(owner.bytes);
    tell(chip, change);
}

}  // namespace tpm
