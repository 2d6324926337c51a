// SPDX-License-Identifier: Apache-2.0
// The kernel's classic BPF machine as seccomp restricts it (kernel/seccomp.c,
// seccomp_check_filter).
#include <linux/filter.h>

#include <algorithm>
#include <bit>

#include "hardened/core/error.hpp"
#include "hardened/core/seccomp.hpp"

namespace hardened {
namespace {

using Word = std::optional<std::uint32_t>;  // absent: depends on an argument that is not known

constexpr std::size_t kDataWords = 16;  // sizeof(struct seccomp_data) / 4

struct State {
  std::size_t position = 0;
  Word accumulator = 0;
  Word index = 0;
  std::array<Word, BPF_MEMWORDS> memory{};
  bool operator==(const State&) const = default;
};

[[noreturn]] void refuse(std::size_t position, std::string_view what) {
  throw Error(ErrorKind::invalid_input,
              "seccomp filter: instruction " + std::to_string(position) + ": " + std::string(what));
}

Word compute(const BpfInstruction& instruction, Word left, Word right, std::size_t position) {
  const int operation = BPF_OP(instruction.code);
  if (operation == BPF_NEG) return left ? Word(0U - *left) : left;
  if (BPF_SRC(instruction.code) == BPF_K) {
    if (operation == BPF_DIV && right == 0U) refuse(position, "division by zero");
    if ((operation == BPF_LSH || operation == BPF_RSH) && *right >= 32) refuse(position, "shift");
  }
  // A word of an argument that is masked by 0 is 0 whatever the argument is.
  if (operation == BPF_AND && (left == 0U || right == 0U)) return 0;
  if (!left || !right) return std::nullopt;
  switch (operation) {
    case BPF_ADD:
      return *left + *right;
    case BPF_SUB:
      return *left - *right;
    case BPF_MUL:
      return *left * *right;
    case BPF_DIV:
      return *right == 0 ? 0 : *left / *right;
    case BPF_AND:
      return *left & *right;
    case BPF_OR:
      return *left | *right;
    case BPF_XOR:
      return *left ^ *right;
    case BPF_LSH:
      return *left << (*right & 31);
    case BPF_RSH:
      return *left >> (*right & 31);
    default:
      refuse(position, "unknown arithmetic");
  }
}

bool holds(int operation, std::uint32_t left, std::uint32_t right, std::size_t position) {
  switch (operation) {
    case BPF_JEQ:
      return left == right;
    case BPF_JGT:
      return left > right;
    case BPF_JGE:
      return left >= right;
    case BPF_JSET:
      return (left & right) != 0;
    default:
      refuse(position, "unknown jump");
  }
}

class Machine {
 public:
  Machine(const std::vector<BpfInstruction>& program, const std::array<Word, kDataWords>& data)
      : program_(program), data_(data) {}

  std::vector<std::uint32_t> outcomes() {
    pending_.push_back({});
    while (!pending_.empty()) {
      State state = std::move(pending_.back());
      pending_.pop_back();
      run(state);
    }
    std::sort(outcomes_.begin(), outcomes_.end());
    outcomes_.erase(std::unique(outcomes_.begin(), outcomes_.end()), outcomes_.end());
    return std::move(outcomes_);
  }

 private:
  void run(State& state) {
    while (step(state)) {
    }
  }

  // False after a return or where both branches were put aside.
  bool step(State& state) {
    const std::size_t position = state.position++;
    if (position >= program_.size()) refuse(position, "beyond the end");
    const BpfInstruction& instruction = program_[position];
    switch (BPF_CLASS(instruction.code)) {
      case BPF_LD:
        load(state, instruction, position);
        return true;
      case BPF_LDX:
        load_index(state, instruction, position);
        return true;
      case BPF_ST:
        cell(state, instruction, position) = state.accumulator;
        return true;
      case BPF_STX:
        cell(state, instruction, position) = state.index;
        return true;
      case BPF_ALU:
        state.accumulator =
            compute(instruction, state.accumulator, operand(state, instruction), position);
        return true;
      case BPF_JMP:
        return jump(state, instruction, position);
      case BPF_RET:
        finish(state, instruction, position);
        return false;
      default:
        move(state, instruction, position);
        return true;
    }
  }

  Word operand(const State& state, const BpfInstruction& instruction) const {
    return BPF_SRC(instruction.code) == BPF_X ? state.index : Word(instruction.operand);
  }

  static Word& cell(State& state, const BpfInstruction& instruction, std::size_t position) {
    if (instruction.operand >= BPF_MEMWORDS) refuse(position, "memory beyond its end");
    return state.memory[instruction.operand];
  }

  void load(State& state, const BpfInstruction& instruction, std::size_t position) const {
    switch (instruction.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (instruction.operand % 4 != 0 || instruction.operand / 4 >= kDataWords) {
          refuse(position, "load outside of seccomp_data");
        }
        state.accumulator = data_[instruction.operand / 4];
        return;
      case BPF_LD | BPF_W | BPF_LEN:
        state.accumulator = kDataWords * 4;
        return;
      case BPF_LD | BPF_IMM:
        state.accumulator = instruction.operand;
        return;
      case BPF_LD | BPF_MEM:
        state.accumulator = cell(state, instruction, position);
        return;
      default:
        refuse(position, "unknown load");
    }
  }

  static void load_index(State& state, const BpfInstruction& instruction, std::size_t position) {
    switch (instruction.code) {
      case BPF_LDX | BPF_W | BPF_LEN:
        state.index = kDataWords * 4;
        return;
      case BPF_LDX | BPF_IMM:
        state.index = instruction.operand;
        return;
      case BPF_LDX | BPF_MEM:
        state.index = cell(state, instruction, position);
        return;
      default:
        refuse(position, "unknown load");
    }
  }

  static void move(State& state, const BpfInstruction& instruction, std::size_t position) {
    switch (instruction.code) {
      case BPF_MISC | BPF_TAX:
        state.index = state.accumulator;
        return;
      case BPF_MISC | BPF_TXA:
        state.accumulator = state.index;
        return;
      default:
        refuse(position, "unknown instruction");
    }
  }

  void finish(const State& state, const BpfInstruction& instruction, std::size_t position) {
    if (instruction.code == (BPF_RET | BPF_K)) {
      outcomes_.push_back(instruction.operand);
    } else if (instruction.code == (BPF_RET | BPF_A) && state.accumulator) {
      outcomes_.push_back(*state.accumulator);
    } else {
      refuse(position, "a return value that depends on an argument");
    }
  }

  // Jumps go forward only, so every path ends.
  bool jump(State& state, const BpfInstruction& instruction, std::size_t position) {
    const int operation = BPF_OP(instruction.code);
    if (operation == BPF_JA) {
      state.position += instruction.operand;
      return true;
    }
    const Word right = operand(state, instruction);
    if (state.accumulator && right) {
      state.position += holds(operation, *state.accumulator, *right, position)
                            ? instruction.jump_true
                            : instruction.jump_false;
      return true;
    }
    follow(state, instruction.jump_true);
    follow(state, instruction.jump_false);
    return false;
  }

  void follow(const State& from, std::size_t distance) {
    State state = from;
    state.position += distance;
    if (std::find(seen_.begin(), seen_.end(), state) != seen_.end()) return;
    seen_.push_back(state);
    pending_.push_back(std::move(state));
  }

  const std::vector<BpfInstruction>& program_;
  const std::array<Word, kDataWords>& data_;
  std::vector<State> pending_;
  std::vector<State> seen_;
  std::vector<std::uint32_t> outcomes_;
};

}  // namespace

std::vector<std::uint32_t> filter_outcomes(const std::vector<BpfInstruction>& program,
                                           std::int32_t number, std::uint32_t architecture,
                                           const CallArguments& arguments) {
  constexpr std::size_t kLow = std::endian::native == std::endian::little ? 0 : 1;
  std::array<Word, kDataWords> data{};
  data[0] = static_cast<std::uint32_t>(number);
  data[1] = architecture;
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    if (!arguments[index]) continue;
    data[4 + 2 * index + kLow] = static_cast<std::uint32_t>(*arguments[index]);
    data[5 + 2 * index - kLow] = static_cast<std::uint32_t>(*arguments[index] >> 32);
  }
  return Machine(program, data).outcomes();
}

std::uint32_t run_filter(const std::vector<BpfInstruction>& program, const SeccompData& data) {
  CallArguments arguments;
  std::copy(data.arguments.begin(), data.arguments.end(), arguments.begin());
  // libseccomp's filters never look at the instruction pointer: one that does is not ours to judge.
  const std::vector<std::uint32_t> outcomes =
      filter_outcomes(program, data.number, data.architecture, arguments);
  if (outcomes.size() != 1) {
    throw Error(ErrorKind::invalid_input, "seccomp filter: depends on the instruction pointer");
  }
  return outcomes.front();
}

}  // namespace hardened
