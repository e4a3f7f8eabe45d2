// SPDX-License-Identifier: MIT
// Walks the tree and does what it says.
//
// A pipeline becomes a job: one child for each command, all in one process group. Only a single
// command that needs no process of its own (a builtin, an assignment, a compound command in the
// foreground) runs in the shell itself, under a Redirector that undoes its redirections.
#pragma once

#include <string>
#include <vector>

#include "shell/expand/expander.hpp"
#include "shell/run/redirector.hpp"
#include "shell/run/session.hpp"
#include "shell/syntax/ast.hpp"

namespace shell {

class Executor final : public ExpansionContext {
public:
    explicit Executor(Session& session) : session_(session), expander_(*this) {}

    int run(const List& list);

    // Replaces this process; comes back only with a complaint made and the status to exit with.
    int execute(const std::vector<std::string>& words, const std::vector<std::string>& environment);

    Session& session() { return session_; }

    // ExpansionContext:
    Variables& variables() override { return session_.variables; }
    std::optional<std::string> special(char name) override;
    const std::string& shell_name() override { return session_.name; }
    const std::vector<std::string>& arguments() override { return session_.arguments; }
    bool unset_is_error() override { return session_.options.unset_is_error; }
    bool expands_file_names() override { return !session_.options.no_globbing; }
    std::string output_of(const List& list) override;

    // The command of these words, but no function: for `command`.
    int run_words(std::vector<std::string> words);
    // A mistake in a special builtin, which ends a script (POSIX.1-2024, 2.8.1). The status.
    int special_error(const std::string& message);

private:
    // A simple command after expansion.
    struct Simple {
        std::vector<std::string> words;
        std::vector<std::pair<std::string, std::string>> assignments;
    };

    int run_condition(const List& list);
    int run(const AndOr& and_or);
    int run(const Pipeline& pipeline);
    void note_line(const Command& command);
    int run_single(const Command& command, const std::string& source);
    int run_simple(const SimpleCommand& command, const std::vector<Redirection>& redirections,
                   const std::string& source);
    int run_here(const Simple& simple, const std::vector<Redirection>& redirections);
    int run_compound(const Command& command);
    int run_group(const Group& group);
    int run_if(const IfCommand& command);
    int run_while(const WhileCommand& command);
    int run_for(const ForCommand& command);
    int run_case(const CaseCommand& command);
    void leave_on_error(int status);
    void show(const Simple& simple);
    Redirector redirector(Redirector::Undo undo) const;
    int run_function(const Command& body, const Simple& simple,
                     const std::vector<Redirection>& redirections);
    bool leave_loop();

    Expanded<Simple> expand(const SimpleCommand& command);
    int fail(const std::string& message);
    int fail_expansion(const std::string& message);

    // Starts a child in the job, which does `work` and exits with its result.
    template <class Work>
    bool start(Job& job, bool foreground, Work work);
    void prepare_child(const Job& job, bool foreground);
    int finish(Job job, bool background);
    Job start_pipeline(const Pipeline& pipeline, bool foreground);
    int in_child(const Command& command);
    int external_in_child(const Simple& simple, const std::vector<Redirection>& redirections);

    Session& session_;
    Expander expander_;
};

// The path of the program that a command's first word names; empty if there is none.
std::string find_program(const Variables& variables, const std::string& name);
// The same for any regular file with this access, by a name without a slash.
std::string find_in_path(const Variables& variables, const std::string& name, int access_mode);

// Of a file; nothing: it cannot be read (errno).
std::optional<std::string> file_contents(const std::string& path);

// Parses and runs; complains about mistakes, with `where` before the line and column. Gives the
// status.
int run_text(Session& session, std::string_view text, std::string_view where);
// Carries out the actions of the signals that have come.
void run_traps(Session& session);
// The shell is about to end with this status: carries out the trap for that. The status that it then ends with.
int run_exit_trap(Session& session, int status);
// The same with the contents of a file.
int run_file(Session& session, const std::string& path);

}  // namespace shell
