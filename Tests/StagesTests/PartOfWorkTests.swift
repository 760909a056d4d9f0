import Stages
import Support
import Testing

/// Which part of the work a process does: the user says how many there are, the batch system at most which.
@Suite struct PartOfWorkTests {
  private func part(
    _ part: String? = nil, of count: Int? = nil, pool: String? = "pool",
    in environment: [String: String] = [:]
  ) throws -> [String]? {
    try PartOfWork(part, of: count, pool: pool, environment: environment)?.workerArguments
  }

  @Test func whoSaysWhich() throws {
    #expect(try part("3/8") == ["--part", "3/8"])
    #expect(try part(of: 8, in: ["SLURM_ARRAY_TASK_ID": "7"]) == ["--part", "7/8"])
    #expect(try part(of: 8, in: ["JOB_COMPLETION_INDEX": "0"]) == ["--part", "0/8"])
    #expect(
      try part(of: 2, in: ["JOB_COMPLETION_INDEX": "1", "SLURM_ARRAY_TASK_ID": "1"])
        == ["--part", "1/2"])
    // A part that is submitted alone: the scheduler would say that there is one.
    let alone = ["SLURM_ARRAY_TASK_ID": "5", "SLURM_ARRAY_TASK_COUNT": "1"]
    #expect(try part(of: 8, in: alone) == ["--part", "5/8"])
    // What the user says goes before what the batch system says.
    #expect(try part("2/4", in: alone) == ["--part", "2/4"])
    #expect(try part("0/1") == ["--part", "0/1"])
  }

  @Test func everythingHere() throws {
    #expect(try part(pool: nil) == nil)
    #expect(try part(pool: nil, in: ["SLURM_ARRAY_TASK_ID": ""]) == nil)
    #expect(try part("0/1", pool: nil, in: ["SLURM_ARRAY_TASK_ID": "3"]) == nil)
  }

  @Test(arguments: ["", "3", "/", "3/", "/8", "8/8", "-1/8", "0/0", "1/2/3", "a/b", " 1/2", "1/-2"])
  func noParts(text: String) {
    let error = #expect(throws: InputError.self) { try part(text) }
    #expect(error?.kind == .usage && error?.got == text)
    #expect(throws: InputError.self) { try PartOfWork(worker: text) }
  }

  @Test func whatDoesNotGoTogether() {
    let slurm = ["SLURM_ARRAY_TASK_ID": "3"]
    for (action, what) in [
      // An index without a total.
      ({ try part(pool: nil, in: slurm) }, "how many is not said"),
      ({ try part(in: slurm) }, "how many is not said"),
      ({ try part(of: 8) }, "which of the 8 parts is not said"),
      (
        { try part(of: 3, in: slurm) },
        "there is no such part (expected 0 to 2, of --parts 3, got 3); parts count from 0"
      ),
      ({ try part(of: 0, in: slurm) }, "no number of parts (expected at least 1, got 0)"),
      ({ try part(of: 8, in: ["SLURM_ARRAY_TASK_ID": "x"]) }, "there is no such part"),
      (
        { try part(of: 8, in: ["SLURM_ARRAY_TASK_ID": "1", "JOB_COMPLETION_INDEX": "2"]) },
        "the environment says twice which part this is"
      ),
      ({ try part("1/8", of: 8) }, "two ways to say which part this is"),
      ({ try part() }, "a pool is for parts"),
      ({ try part("1/8", pool: nil) }, "a part needs a folder to put its shards into"),
    ] as [(() throws -> [String]?, String)] {
      let error = #expect(throws: InputError.self) { try action() }
      #expect(error?.kind == .usage)
      #expect(error?.description.contains(what) == true, "\(what): \(error?.description ?? "")")
    }
  }
}
