// SPDX-License-Identifier: MIT
// Is it the password, and new ones. Where there is a TPM, it takes part (docs/decisions/passwords-and-the-tpm.md).
#include <algorithm>

#include "apps/accounts/edit.hpp"
#include "apps/accounts/password.hpp"
#include "apps/accounts/service.hpp"
#include "apps/accounts/tpm/device.hpp"

namespace accounts {

namespace {

constexpr std::uint64_t seconds_of_minute = 60;

Guesser guesser_of(const process::DescribeClient::Reply& client) {
    return client.user == 0 ? Guesser{false, client.terminal} : Guesser{true, client.user};
}

// Whoever is not there, or has no password, is tried as somebody whose password needs the TPM, if there is one: it takes as
// long, is counted, and is refused for the same reasons.
std::string hash_of_somebody(const Users& users) {
    const auto needs_tpm = [](const User& user) {
        return user.password_hash.starts_with(tpm_kind);
    };
    const auto found = std::ranges::find_if(users.users, needs_tpm);
    return found == users.users.end() ? std::string() : found->password_hash;
}

std::string when_locked(tpm::Transport* chip) {
    const auto lockout =
        chip != nullptr ? tpm::lockout(*chip) : std::unexpected(tpm::Error::no_answer);
    const std::uint64_t seconds = lockout ? lockout->seconds : tpm::seconds_for_one;
    const std::uint64_t minutes = (seconds + seconds_of_minute - 1) / seconds_of_minute;
    return "after too many wrong passwords the TPM tries none for " + std::to_string(minutes) +
           " minutes";
}

// To the person, and on the log.
std::string why(Verdict verdict, tpm::Transport* chip) {
    switch (verdict) {
        case Verdict::no_tpm:
            return "the password needs the TPM that it was set with, and this machine has none; an "
                   "administrator can set a new one";
        case Verdict::other_tpm:
            return "the password needs the TPM of another machine, or this machine's TPM has been "
                   "cleared; an administrator can set a new one";
        case Verdict::tpm_locked: return when_locked(chip);
        case Verdict::tpm_fails:  return "the TPM does not do what it must";
        default:                  return "the password cannot be checked (a damaged hash, or too little memory)";
    }
}

}  // namespace

Service::Decision Service::authenticate(const User* user, std::string_view password,
                                        const Call& call) {
    const Guesser guesser = guesser_of(call.client);
    // Not at once: who guesses in a loop would take the CPU from those who work.
    if (!attempts_.may_try(guesser, call.now))
        return {.outcome = Outcome::too_soon, .due = call.now + second};
    const auto chip = tpm::open_device();
    const bool known = user != nullptr && !user->password_hash.empty();
    const Verdict verdict =
        check(password, known ? user->password_hash : hash_of_somebody(store_.users()), chip.get());
    if (verdict == Verdict::right && known) {
        attempts_.succeeded(guesser);
        if (chip != nullptr && user->password_hash.starts_with(plain_kind))
            unbound_ = Unbound{user->name, password};
        return {};
    }
    if (verdict != Verdict::wrong && verdict != Verdict::right) {
        const std::string reason = why(verdict, chip.get());
        log("no password is taken at " + terminal_of(call) + ": " + reason);
        return refuse(reason);
    }
    // Without the name where nobody is logged in yet: it may be a password that was typed too early, and the log may be
    // seen on the guesser's own terminal.
    log(guesser.logged_in && user != nullptr
            ? "wrong password for " + user->name + " from " + who(call)
            : "wrong password at " + terminal_of(call));
    return {.outcome = Outcome::wrong, .due = attempts_.failed(guesser, now())};
}

// After the answer has been decided: the list changes, and those who decide hold parts of it.
void Service::bind_password() {
    if (!unbound_) return;
    const auto chip = tpm::open_device();
    const auto hash = chip != nullptr ? make_hash(unbound_->password, chip.get()) : std::nullopt;
    const bool bound = hash && !commit(with_password(store_.text(), unbound_->user, *hash));
    log(bound ? "the password of " + unbound_->user + " needs this machine's TPM from now on"
              : "the password of " + unbound_->user + " goes on without the TPM");
    unbound_.reset();
}

Service::Decision Service::set_password(const SetPassword& set, const Call& call) {
    const Users& users = store_.users();
    const std::string_view own_password = call.texts[1], fresh = call.texts[2];
    const User* target = call.texts[0].empty() ? call.user : users.find(call.texts[0]);
    Decision allowed;
    if (target == nullptr || target != call.user) {
        allowed = authorise(own_password, "passwd " + std::string(call.texts[0]), call);
    } else if (call.client.user != 0) {
        if (own_password.empty()) return {.outcome = Outcome::needs_password};
        allowed = authenticate(target, own_password, call);
    }
    if (allowed.outcome != Outcome::done) return allowed;
    if (target == nullptr) return refuse("there is no user `" + printable(call.texts[0]) + "`");
    if (set.only_ask != 0) return {.first = target->name};
    if (fresh.empty()) return refuse("an empty password is not taken");
    unbound_.reset();  // the old one
    const auto chip = tpm::open_device();
    auto hash = make_hash(fresh, chip.get());
    if (!hash && chip != nullptr) {
        log("the TPM does not take a secret: the password of " + target->name +
            " is kept without it");
        hash = make_hash(fresh, nullptr);
    }
    if (!hash) return refuse("cannot make a hash (no memory, or no randomness)");
    const std::string name = target->name, by = who(call);
    if (const auto failed = commit(with_password(store_.text(), name, *hash))) return *failed;
    log(by + " changed the password of " + name);
    return {.first = name};
}

}  // namespace accounts
