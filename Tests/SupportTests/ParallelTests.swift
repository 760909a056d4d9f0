import Support
import Tensors
import Testing

@Suite struct ParallelTests {
  @Test func threadsAreTheCoresOrWhatIsAskedFor() throws {
    #expect(try Parallel.workers(asked: nil, cores: 6) == 6)
    #expect(try Parallel.workers(asked: "", cores: 6) == 6)
    #expect(try Parallel.workers(asked: "1", cores: 6) == 1)
    #expect(try Parallel.workers(asked: "24", cores: 6) == 24)
  }

  @Test(arguments: ["0", "-1", "25", "many", "2.5", " 2", "1e1", "99999999999999999999"])
  func whatIsNoNumberOfThreadsIsRefused(asked: String) {
    let error = #expect(throws: InputError.self) { try Parallel.workers(asked: asked, cores: 6) }
    #expect(error?.kind == .usage && error?.what.contains("VILD_THREADS") == true)
    #expect(error?.expected?.contains("1...24") == true && error?.got == "'\(asked)'")
  }
}
