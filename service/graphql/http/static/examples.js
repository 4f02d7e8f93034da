// Opened in a tab each. All of them work on an empty register too.
"use strict";
window.EXAMPLES = [
  `# Who you are, which authorities there are, and the newest requests that you may see.
query Overview {
  viewer { subject name authority roles }
  authorities { code name mandates { region endorsementsRequired validFrom validUntil } }
  deploymentRequests(first: 5) {
    totalCount
    edges { node { reference status force strength region availableActions } }
  }
}
`,
  `# Requests that wait to be known who was responsible, and what each of them awaits.
query Withheld {
  deploymentRequests(filter: { status: [WITHHELD_PENDING_ATTRIBUTION] }, first: 10) {
    edges {
      node {
        reference
        purpose
        hold {
          reason reviewBy overdue minimumLikelihood minimumConfidence
          awaiting { reference attributionStatus }
        }
      }
    }
  }
}
`,
  `# What was recorded, by whom, and what it changed, the oldest first. Go on with after: endCursor.
query Trail {
  auditTrail(first: 20) {
    pageInfo { hasNextPage endCursor }
    edges {
      node {
        position recordedAt type reason
        actor { subject authority }
        changes { path before after }
      }
    }
  }
}
`,
  `# For an administrator: an authority. A refusal says what would be needed.
mutation Register {
  registerAuthority(input: { code: "kfor", name: "Kosovo Force" }) {
    ... on AuthorityRecorded { position authority { code name } }
    ... on Refusal { message }
  }
}
`,
  `# For a requester: a request. It goes to the authority whose mandate covers the region.
mutation Submit {
  submitDeploymentRequest(input: {
    force: "Kosovo Security Force"
    strength: 60
    region: "xk/north/zubin-potok"
    purpose: "EXERCISE: secure the canal while it is repaired."
    period: { start: "2030-01-10T06:00:00Z", end: "2030-02-10T06:00:00Z" }
  }) {
    ... on DeploymentRequestRecorded { position deploymentRequest { id reference status } }
    ... on InvalidInput { message fields { path message } }
    ... on Refusal { message }
  }
}
`,
];
