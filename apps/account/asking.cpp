// SPDX-License-Identifier: MIT
#include "apps/account/asking.hpp"

namespace account {

std::unique_ptr<Asking> Asking::open() {
    auto client = accounts::Client::open();
    if (!client) {
        complain(client.error());
        return nullptr;
    }
    return std::unique_ptr<Asking>(new Asking(std::move(*client)));
}

bool Asking::read(const std::string& question, accounts::Secret& secret) const {
    if (!prompt_.read_secret(question, secret)) {
        complain("no password was given");
        return false;
    }
    if (!secret.too_long()) return true;
    complain("a password has at most " + std::to_string(accounts::longest_password) + " bytes");
    return false;
}

bool Asking::read_new(accounts::Secret& fresh) const {
    accounts::Secret again;
    if (!read("New password: ", fresh)) return false;
    if (fresh.empty()) {
        complain("an empty password is not taken");
        return false;
    }
    if (!read("The same again: ", again)) return false;
    if (fresh.text() == again.text()) return true;
    complain("they differ; nothing has been changed");
    return false;
}

std::optional<accounts::Said> Asking::told(accounts::Result<accounts::Said> said,
                                           bool with_password) {
    using accounts::Outcome;
    if (!said) {
        complain(said.error());
        return std::nullopt;
    }
    if (!said->notice.empty()) complain(said->notice);
    switch (said->answer.outcome) {
        case Outcome::done: return std::move(*said);
        case Outcome::needs_password:
            complain(with_password ? "an empty password is never right" : "a password is needed");
            break;
        case Outcome::wrong:    complain("the password is wrong"); break;
        case Outcome::too_soon: complain("too many wrong passwords: wait a few seconds"); break;
        case Outcome::refused:  complain(said->first); break;
    }
    return std::nullopt;
}

}  // namespace account
