<%-- SPDX-License-Identifier: Apache-2.0 --%>
<%-- Tomcat compiles this page into its work directory, where the application has one of its own. --%>
<%@ page import="java.io.File,java.nio.file.Files" %>
<%
  File note = new File((File) application.getAttribute("jakarta.servlet.context.tempdir"), "note");
  String given = request.getParameter("note");
  if (given != null) Files.writeString(note.toPath(), given);
%>
served by tomcat <%= note.exists() ? Files.readString(note.toPath()) : "" %>
