// SPDX-License-Identifier: MIT
// Asking the server of users something for which it may want a password.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apps/account/commands.hpp"
#include "libs/accounts/client.hpp"
#include "libs/accounts/prompt.hpp"

namespace account {

class Asking {
public:
    // None, when it has been said that the server cannot be reached.
    static std::unique_ptr<Asking> open();

    // Asks once without a password, and, if the server wants one, again with it. `ask` is given the client and the
    // password. Nothing: it was refused, and that has been said.
    template <class Ask>
    std::optional<accounts::Said> with_password(const std::string& question, Ask ask) {
        accounts::Secret none;
        auto said = ask(client_, none);
        if (said && said->answer.outcome == accounts::Outcome::needs_password) {
            return with_asked(question, ask);
        }
        return told(std::move(said), false);
    }
    // Asks for the password first. It can be had afterwards, for a further question.
    template <class Ask>
    std::optional<accounts::Said> with_asked(const std::string& question, Ask ask) {
        if (!read(question, secret_)) return std::nullopt;
        return told(ask(client_, secret_), true);
    }
    // Reads a new password twice. False: they differ or are none, and that has been said.
    bool read_new(accounts::Secret& fresh) const;

    [[nodiscard]] accounts::Client& client() { return client_; }
    [[nodiscard]] const accounts::Secret& secret() const { return secret_; }
    // What there is to say has been said; nothing, unless it is done.
    static std::optional<accounts::Said> told(accounts::Result<accounts::Said> said,
                                              bool with_password);

private:
    explicit Asking(accounts::Client client) : client_(std::move(client)) {}
    bool read(const std::string& question, accounts::Secret& secret) const;

    accounts::Client client_;
    accounts::Prompt prompt_ = accounts::Prompt::of_session();
    accounts::Secret secret_;
};

}  // namespace account
