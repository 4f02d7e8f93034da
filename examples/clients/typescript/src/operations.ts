// What the quick starts say to the register. graphql-codegen types it from the schema.
import { graphql } from "./gql/gql.js";

export const SUBMIT = graphql(`
  mutation Submit($input: SubmitDeploymentRequestInput!) {
    submitDeploymentRequest(input: $input) {
      __typename
      ... on DeploymentRequestRecorded {
        position
        deploymentRequest { id reference }
      }
      ... on InvalidInput { fields { path message } }
      ... on Refusal { message }
    }
  }
`);

export const WITHDRAW = graphql(`
  mutation Withdraw($input: DeploymentRequestCommandInput!) {
    withdrawDeploymentRequest(input: $input) {
      __typename
      ... on Refusal { message }
    }
  }
`);

export const READ = graphql(`
  query Read($id: ID!, $position: Position!) {
    deploymentRequest(id: $id, atLeast: $position) {
      reference
      status
      decidingAuthority { code }
    }
  }
`);

export const FOLLOW = graphql(`
  subscription Follow($id: ID!) {
    deploymentRequestChanged(id: $id) { reference status }
  }
`);
