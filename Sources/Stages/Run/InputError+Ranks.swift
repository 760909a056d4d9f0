import Support

extension InputError {
  /// Ranks share training alone: of anything else the leader would do it while the others wait.
  static func notForRanks(_ what: String, verb: String) -> InputError {
    InputError(
      .missingInput, "there are still \(what), and ranks train only",
      hint: "run 'vild \(verb)' first, with the same pipeline file and without --ranks")
  }
}
